package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sync"
)

//go:embed static
var embedded embed.FS

// static holds index.html, login.html and the folder assets.
var static = sub(embedded, "static")

// own are the program's own files. They are put together when the first is asked for, which
// costs a start nothing.
var own = sync.OnceValue(func() files { return load(static) })

func sub(files fs.FS, folder string) fs.FS {
	inner, err := fs.Sub(files, folder)
	if err != nil {
		panic("dashboard: " + err.Error())
	}
	return inner
}

// files are the page's files, ready to be sent. An asset's name holds a digest of its
// content, so that browsers may keep it for ever and still never show an old one.
type files struct {
	app, form file            // the pages, for who is logged in and for who is not
	assets    map[string]file // by the name with the digest
}

// file is one file.
type file struct {
	kind   string // its Content-Type
	plain  []byte
	zipped func() []byte // when it is first asked for
	public bool          // served without login
}

// Where assets are named: in pages as "assets/name", in assets as "./name".
var (
	inPages  = regexp.MustCompile(`"assets/([\w.-]+)"`)
	inAssets = regexp.MustCompile(`"\./([\w.-]+)"`)
)

// assetsPath is where assets are served.
const assetsPath = "/assets/"

// load reads the files and puts the digests into names and references. What it cannot
// put together is a defect of the files, which are a part of the program.
func load(source fs.FS) files {
	l := &loader{source: source, names: make(map[string]string), assets: make(map[string]file)}
	app, form := l.page("index.html", false), l.page("login.html", true)
	for _, entry := range must(fs.ReadDir(source, "assets")) { // licences, which nothing refers to
		l.asset(entry.Name(), false)
	}
	return files{app: app, form: form, assets: l.assets}
}

type loader struct {
	source fs.FS
	names  map[string]string // with the digest, by plain name; empty: under way
	assets map[string]file
}

func (l *loader) page(name string, public bool) file {
	text := inPages.ReplaceAllFunc(must(fs.ReadFile(l.source, name)), func(found []byte) []byte {
		return []byte(`"assets/` + l.asset(string(inPages.FindSubmatch(found)[1]), public) + `"`)
	})
	return newFile(name, text, public)
}

// asset loads an asset and all that it refers to, and returns its name with the digest.
// What the login form needs is public, and so is all that this needs in turn.
func (l *loader) asset(name string, public bool) string {
	hashed, loaded := l.names[name]
	if loaded && hashed == "" {
		panic("dashboard: assets refer to each other in a circle through " + name)
	}
	if loaded && (!public || l.assets[hashed].public) {
		return hashed
	}
	l.names[name] = ""
	text := inAssets.ReplaceAllFunc(must(fs.ReadFile(l.source, path.Join("assets", name))), func(found []byte) []byte {
		return []byte(`"./` + l.asset(string(inAssets.FindSubmatch(found)[1]), public) + `"`)
	})
	sum := sha256.Sum256(text)
	extension := path.Ext(name)
	hashed = name[:len(name)-len(extension)] + "." + hex.EncodeToString(sum[:5]) + extension
	l.names[name] = hashed
	l.assets[hashed] = newFile(name, text, public)
	return hashed
}

func newFile(name string, text []byte, public bool) file {
	kinds := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	}
	kind, known := kinds[path.Ext(name)]
	if !known {
		panic(fmt.Sprintf("dashboard: %s is of no kind that is served", name))
	}
	return file{kind: kind, plain: text, zipped: sync.OnceValue(func() []byte { return zip(text) }), public: public}
}

func zip(text []byte) []byte {
	var zipped bytes.Buffer
	w := must(gzip.NewWriterLevel(&zipped, gzip.BestCompression))
	_ = must(w.Write(text))
	if err := w.Close(); err != nil {
		panic("dashboard: " + err.Error())
	}
	return zipped.Bytes()
}

func must[T any](value T, err error) T {
	if err != nil {
		panic("dashboard: " + err.Error())
	}
	return value
}
