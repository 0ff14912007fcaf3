package openaitest

// withoutNullable rewrites "nullable": true, which the specification still uses
// beside the JSON Schema of OpenAPI 3.1 though only OpenAPI 3.0 knows it: such a
// schema, its enum included, becomes one of two, the other being null.
func withoutNullable(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = withoutNullable(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = withoutNullable(value[key])
		}
		// A property that is called "nullable" is a schema, no boolean.
		nullable, isKeyword := value["nullable"].(bool)
		if !isKeyword {
			return value
		}
		delete(value, "nullable")
		if nullable {
			return map[string]any{"anyOf": []any{value, map[string]any{"type": "null"}}}
		}
	}
	return value
}
