package app

import "ondemand-api-proxy/adapter/dashboard"

// access tells the dashboard who may see what, and what a person has to know.
func (f *inForce) access() dashboard.Access {
	c := f.now()
	access := dashboard.Access{Password: c.DashboardPassword, Restricted: c.DashboardForAll(), DefaultToken: c.UsesDefaultToken()}
	if n := f.notice.Load(); n != nil {
		access.ConfigProblem, access.NeedRestart = n.problem, n.restart
	}
	return access
}
