package suites
import ("testing";"os";"strings";"github.com/scimproof/scimproof/fixtures/target")
func TestZZ(t *testing.T){
 var v []string
 if s:=os.Getenv("ZV"); s!="" {v=strings.Split(s,",")}
 run:=judgeTarget(t,target.Config{Variants:v}, onlyGlobs()...)
 for _,r:=range run.Results { if r.Word!="PASS" {t.Logf("%s %s: %s %s\n%s",r.Word,r.ID,r.Message,r.Reason,describe(r))}
  for _,n := range r.Notes { t.Logf("   note %s: %s", r.ID,n)} }
 t.Logf("%d %d %v",len(run.Results),run.Requests,run.Asks)
}
