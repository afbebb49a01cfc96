package play

import (
	"strings"
	"testing"
	"time"
)

func TestEveryFieldIsRead(t *testing.T) {
	p, err := Parse([]byte(`{"log":["a"],"needs":[{"env":"X","match":".+","fail":"no","code":3},{"tcp":"db:5432"}],
		"memoryMi":5,"listen":[{"port":80,"portEnv":"PORT","paths":{"/healthz":200},"after":0.5,"tcp":true}],
		"exit":{"code":2,"after":1.5},"ignoreTerm":true,"cpu":true,"pause":true}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Needs) != 2 || p.Needs[0].Code != 3 || p.Listen[0].Paths["/healthz"] != 200 || !p.IgnoreTerm || !p.CPU || !p.Pause {
		t.Fatalf("read %+v", p)
	}
	if d := p.Exit.After.Duration(); d != 1500*time.Millisecond {
		t.Fatalf("after 1.5 is %s", d)
	}
}

func TestAnEmptyPlayIsAProgramThatOnlyRuns(t *testing.T) {
	if _, err := Parse(nil); err != nil {
		t.Fatal(err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for text, part := range map[string]string{
		`{"listens":[]}`:                        "listens",
		`{"needs":[{"env":"A","file":"/b"}]}`:   "exactly one",
		`{"needs":[{}]}`:                        "needs[0]",
		`{"needs":[{"env":"A","match":"("}]}`:   "match",
		`{"needs":[{"tcp":"a:1","match":"x"}]}`: "match belongs",
		`{"needs":[{"env":"A","code":300}]}`:    "300",
		`{"listen":[{"port":0}]}`:               "listen[0]",
		`{"listen":[{"port":80,"after":-1}]}`:   "negative",
		`{"exit":{"code":256}}`:                 "exit",
		`{"memoryMi":-1}`:                       "memoryMi",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, want it to name %q", text, err, part)
		}
	}
}

func TestVariablesAreExpandedAsInCommands(t *testing.T) {
	env := func(k string) (string, bool) {
		v, ok := map[string]string{"HOST": "db", "PORT": "5432"}[k]
		return v, ok
	}
	for in, want := range map[string]string{
		"$(HOST):$(PORT)": "db:5432",
		"$(NONE):1":       "$(NONE):1",
		"plain":           "plain",
		"$(HOST":          "$(HOST",
	} {
		if got := Expand(in, env); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}
