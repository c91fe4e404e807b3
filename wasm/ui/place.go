// Package ui is the page: go-app components that show what the engine's worker
// answers. It computes nothing. session is the state and can be tested without
// a browser; client talks to the worker; home and about are the two routes.
package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Place tells the page where the build put what it needs.
type Place struct {
	Worker string   // path of the engine worker's script
	Model  string   // path of the model's manifest
	Drawn  []string // paths of the drawn samples
}

const (
	envWorker = "BLASTLENS_WORKER"
	envModel  = "BLASTLENS_MODEL"
	envDrawn  = "BLASTLENS_DRAWN"
)

// environment is how a Place travels to the page, by go-app's environment.
func (p Place) environment() map[string]string {
	return map[string]string{envWorker: p.Worker, envModel: p.Model, envDrawn: strings.Join(p.Drawn, " ")}
}

// here is the Place of the running page.
func here() Place {
	return Place{Worker: app.Getenv(envWorker), Model: app.Getenv(envModel), Drawn: strings.Fields(app.Getenv(envDrawn))}
}

// Routes registers the pages; they share one session.
func Routes() {
	c := &client{session: newSession()}
	app.Route("/", func() app.Composer { return &home{client: c} })
	app.Route("/about", func() app.Composer { return &about{client: c} })
}
