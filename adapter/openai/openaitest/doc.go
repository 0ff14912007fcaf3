// Package openaitest holds documents against OpenAI's own specification, for the
// tests of everything that writes such documents. Where the specification lies is
// told by the environment variable OPENAI_SPEC; it is no part of this project.
package openaitest
