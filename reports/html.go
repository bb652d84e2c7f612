package reports

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed html
var htmlFiles embed.FS

// htmlAsset is a file of the page; what is embedded is always there.
func htmlAsset(name string) string {
	data, err := htmlFiles.ReadFile("html/" + name)
	if err != nil {
		panic(err)
	}
	return string(data)
}

var (
	htmlStyle  = htmlAsset("style.css")
	htmlScript = htmlAsset("script.js")
	htmlPolicy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
		integrity(htmlStyle), integrity(htmlScript))
	htmlTemplate = template.Must(template.New("page.tmpl").Funcs(template.FuncMap{
		"text": Visible, "count": func(n int) string { return thousands(int64(n)) }, "plural": plural, "title": capital, "lower": func(w any) string { return strings.ToLower(fmt.Sprint(w)) },
		"style": func() template.CSS { return template.CSS(htmlStyle) }, "script": func() template.JS { return template.JS(htmlScript) },
		"policy": func() string { return htmlPolicy },
	}).ParseFS(htmlFiles, "html/*.tmpl"))
)

// integrity is the hash by which the page's policy knows its own style and script. Nothing else may run, so that even text
// that escaped its place would do nothing.
func integrity(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// capital makes a sentence of a verdict.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// WriteHTML writes the run as one page that stands alone: it loads nothing, and what decides can be read without its script
// and its style. Text that a target made is cut, made visible, and stays text.
func WriteHTML(w io.Writer, r *Run, v Verdict) error {
	var b bytes.Buffer
	if err := htmlTemplate.Execute(&b, newHTMLPage(r, v)); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// htmlText is what is safe as the content of an element, and there alone: html/template writes each quotation mark as five
// bytes, and the bodies of exchanges are full of them.
func htmlText(s string) template.HTML {
	return template.HTML(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s))
}
