package main

import "slices"

// goal is what a figure is to be, and what it was.
type goal struct {
	Phase    string  `json:"phase"`
	Title    string  `json:"title"`
	Figure   string  `json:"figure"`
	What     string  `json:"what"`
	AtLeast  bool    `json:"at_least,omitempty"` // else: at most
	Limit    float64 `json:"limit"`
	Measured float64 `json:"measured"`
	Met      bool    `json:"met"`
	absolute bool    // the proxy's own figure counts, not its ratio to the floor's
}

// goals are what the proxy is to reach, in medians of the rounds.
var goals = [...]goal{
	{Phase: "stream-c64", Figure: figureCPU, What: "CPU per stream, to the floor", Limit: 1},
	{Phase: "stream-c64", Figure: figureRate, What: "streams/s, to the floor", Limit: 1, AtLeast: true},
	{Phase: "whole-c64", Figure: figureCPU, What: "CPU per request, to the floor", Limit: 1.5},
	{Phase: "whole-c1", Figure: figureAdded50, What: "added p50, to the floor", Limit: 1.25},
	{Phase: "open", Figure: figureAddedIn50, What: "added to first delta p50, to the floor", Limit: 1.1},
	{Phase: "many-20ms", Figure: figureCPU, What: "CPU per stream, to the floor", Limit: 1.15},
	{Phase: "many-200ms", Figure: figureCPU, What: "CPU per stream, to the floor", Limit: 1.15},
	{Phase: "many-20ms", Figure: figurePeak, What: "peak memory, to the floor", Limit: 1.15},
	{Phase: "many-200ms", Figure: figurePeak, What: "peak memory, to the floor", Limit: 1.15},
	{Phase: "idle", Figure: figureIdle, What: "memory, MiB", Limit: 30, absolute: true},
	{Phase: "idle", Figure: figureStart, What: "start to first 200, ms", Limit: 60, absolute: true},
	{Phase: "new-c64", Figure: figureCPU, What: "CPU per stream, to the floor", Limit: 1.5},
	{Phase: "first-delta", Figure: figureNewToOld, What: "first delta, to that of a conversation that goes on", Limit: 1.05, absolute: true},
}

// judge compares the goals with what was measured; those that were not measured are left out.
func judge(phases []summary) []goal {
	var judged []goal
	for _, g := range goals {
		i := slices.IndexFunc(phases, func(s summary) bool { return s.Phase == g.Phase })
		if i < 0 {
			continue
		}
		rows := phases[i].Rows
		j := slices.IndexFunc(rows, func(r row) bool { return r.Figure == g.Figure })
		if j < 0 {
			continue
		}
		measured, known := rows[j].Targets[targetProxy]
		if !g.absolute {
			if known = rows[j].Ratio != nil; known {
				measured = *rows[j].Ratio
			}
		}
		if !known {
			continue
		}
		g.Title, g.Measured = phases[i].Title, measured.Median
		g.Met = g.Measured <= g.Limit
		if g.AtLeast {
			g.Met = g.Measured >= g.Limit
		}
		judged = append(judged, g)
	}
	return judged
}

// limit is the goal in words.
func (g goal) limit() string {
	if g.AtLeast {
		return "≥ " + digits(g.Limit)
	}
	return "≤ " + digits(g.Limit)
}
