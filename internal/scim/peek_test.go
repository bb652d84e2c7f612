package scim

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestPeek(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       Peeked
		ok         bool
	}{
		{"a resource", `{"schemas":["x"],"id":"42","userName":"a\"b","externalId":"e","displayName":"d","meta":{"version":"W/\"1\"","location":"http://h/Users/42"},"emails":[{"id":"no"}]}`, Peeked{ID: "42", UserName: `a"b`, ExternalID: "e", DisplayName: "d", Version: `W/"1"`, Location: "http://h/Users/42", Total: -1}, true},
		{"a list", ` {"totalResults":2,"Resources":[{"id":"1","meta":{"version":"v"}},{"id":"2"}],"nextCursor":"n"} `, Peeked{Total: 2, Next: "n", Resources: true, Shown: 2, FirstID: "1", FirstVersion: "v"}, true},
		{"an empty list", `{"totalResults":0,"Resources":[]}`, Peeked{Resources: true}, true},
		{"folded names", `{"ID":"1","resources":[],"TOTALRESULTS":7}`, Peeked{ID: "1", Total: 7, Resources: true}, true},
		{"a number as id", `{"id":17}`, Peeked{ID: "17", Total: -1}, true},
		{"null", `{"id":null,"meta":null,"Resources":null,"totalResults":null}`, Peeked{Total: -1}, true},
		{"not an object", `[1]`, Peeked{Total: -1}, false},
		{"nothing", ``, Peeked{Total: -1}, false},
		{"cut off", `{"id":"1","x":{`, Peeked{ID: "1", Total: -1}, false},
		{"more behind it", `{"id":"1"}x`, Peeked{ID: "1", Total: -1}, false},
		{"a web page", `<html>`, Peeked{Total: -1}, false},
	} {
		if got, ok := Peek([]byte(c.body)); ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v %v, want %+v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

// TestPeekAgrees holds Peek to encoding/json on any object.
func TestPeekAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String().AsAny(), rapid.Int().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
			rapid.SliceOf(rapid.String()).AsAny(), rapid.MapOf(rapid.String(), rapid.Float64().AsAny()).AsAny())
		o := rapid.MapOf(rapid.StringMatching("[a-h]*"), value).Draw(t, "others")
		id, user, total := rapid.String().Draw(t, "id"), rapid.String().Draw(t, "userName"), rapid.Int().Draw(t, "total")
		o["id"], o["userName"], o["totalResults"] = id, user, total
		body, err := json.Marshal(o)
		if err != nil {
			t.Skip("not JSON")
		}
		var back struct{ ID, UserName string }
		if err := json.Unmarshal(body, &back); err != nil {
			t.Fatal(err)
		}
		got, ok := Peek(body)
		if !ok || got.ID != back.ID || got.UserName != back.UserName || got.Total != total {
			t.Fatalf("%s: %+v %v", body, got, ok)
		}
	})
}

func BenchmarkPeek(b *testing.B) {
	body, _ := json.Marshal(Object{
		"schemas": []any{UserURN, EnterpriseURN}, "id": "0a1b2c3d", "userName": "someone@example.com", "name": Object{"givenName": "Some", "familyName": "One", "formatted": "Some One"},
		"emails": []any{Object{"value": "someone@example.com", "type": "work", "primary": true}}, "meta": Object{"version": `W/"1"`, "location": "http://127.0.0.1/scim/v2/Users/0a1b2c3d"},
	})
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, ok := Peek(body); !ok {
			b.Fatal("not JSON")
		}
	}
}
