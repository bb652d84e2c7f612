package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestOAuth2(t *testing.T) {
	tokens, lifetime := 0, 3600
	idp := serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		_ = r.ParseForm()
		if id != "app" || secret != "client-canary" || r.Form.Get("scope") != "scim read" || r.Form.Get("grant_type") != "client_credentials" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(401)
			_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"no: %s"}`, secret)
			return
		}
		tokens++
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"access-canary-%d","token_type":"bearer","expires_in":%d}`, tokens, lifetime)
	})
	var got string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		_, _ = w.Write([]byte(got))
	})
	auth := Auth{Kind: "oauth2", TokenURL: idp, ClientID: "app", ClientSecret: "client-canary", Scopes: []string{"scim", "read"}}
	c := newTestClient(t, Config{BaseURL: base, Auth: auth})
	for range 3 {
		x := c.Do(t.Context(), Request{Path: "/Users"})
		out, _ := json.Marshal(x)
		if got != "Bearer access-canary-1" || strings.Contains(string(out), "canary") {
			t.Fatalf("%q, recorded %s", got, out)
		}
	}
	c.Do(t.Context(), Request{Path: "/Users", Anonymous: true})
	if tokens != 1 || got != "" {
		t.Errorf("%d tokens, anonymous sent %q", tokens, got)
	}

	lifetime = 1 // over before it is used
	c = newTestClient(t, Config{BaseURL: base, Auth: auth})
	c.Do(t.Context(), Request{Path: "/Users"})
	c.Do(t.Context(), Request{Path: "/Users"})
	if got != "Bearer access-canary-3" {
		t.Errorf("an expired token was not renewed: %s", got)
	}

	for name, change := range map[string]func(*Auth){
		"refused":     func(a *Auth) { a.ClientSecret = "wrong-canary" },
		"unreachable": func(a *Auth) { a.TokenURL = "http://127.0.0.1:1/token" },
		"no token":    func(a *Auth) { a.TokenURL = base },
	} {
		bad := auth
		change(&bad)
		got = "nothing sent"
		c = newTestClient(t, Config{BaseURL: base, Auth: bad})
		x := c.Do(t.Context(), Request{Path: "/Users"})
		var failed *AuthError
		if !errors.As(x.Err(), &failed) || failed.Hint == "" || strings.Contains(x.Error+x.Err().Error(), "canary") || strings.Contains(got, "Bearer") {
			t.Errorf("%s: %v, sent %q", name, x.Err(), got)
		}
	}
}

func TestTokenEndpointRedirectIsNotFollowed(t *testing.T) {
	leaked := false
	other := serve(t, func(http.ResponseWriter, *http.Request) { leaked = true })
	idp := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) })
	c := newTestClient(t, Config{BaseURL: other, Auth: Auth{Kind: "oauth2", TokenURL: idp, ClientID: "app", ClientSecret: "client-canary"}})
	if x := c.Do(t.Context(), Request{Path: "/Users"}); x.Err() == nil || leaked {
		t.Errorf("%v, leaked %v", x.Err(), leaked)
	}
}
