package config

import "testing"

func TestTheDashboardIsForAllWhenEverybodyKnowsItsPasswordAndCanReachIt(t *testing.T) {
	for _, test := range []struct {
		environ []string
		want    bool
	}{
		{nil, false},
		{[]string{"HOST=0.0.0.0"}, true},
		{[]string{"SPACE_ID=user/space"}, true},
		{[]string{"SPACE_ID="}, false},
		{[]string{"HOST=0.0.0.0", "API_ACCESS_TOKEN=sk-of-my-own"}, false},
		{[]string{"HOST=0.0.0.0", "DASHBOARD_PASSWORD=of my own"}, false},
		{[]string{"HOST=0.0.0.0", "API_ACCESS_TOKEN=sk-of-my-own", "DASHBOARD_PASSWORD=" + DefaultAccessToken}, true},
	} {
		c, err := Load(Source{Environ: test.environ, WorkDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.DashboardForAll(); got != test.want {
			t.Errorf("with %q the dashboard is for all: %t, want %t", test.environ, got, test.want)
		}
	}
}
