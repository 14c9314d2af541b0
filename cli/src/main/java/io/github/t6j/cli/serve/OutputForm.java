package io.github.t6j.cli.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Form of the text that a request asks for: OpenAI's response_format, the fields grammar and json_schema of llama.cpp's
 * server, regex, and vLLM's structured_outputs and guided fields.
 *
 * @param field name of the field in errors
 * @param text schema, grammar, regular expression, or JSON array of texts
 */
record OutputForm(String field, Kind kind, String text) {
    private static final String COMPACT = "compact";
    private static final String RESPONSE_FORMAT = "response_format";
    private static final String JSON_SCHEMA = "json_schema";
    private static final String SCHEMA = "schema";
    private static final String TYPE = "type";
    private static final int MAX_CHOICES = 1000;

    /** Notation of a form. */
    enum Kind {
        /** Schema of compact JSON. */
        SCHEMA,
        /** Schema of JSON that may have white space. */
        SPACED_SCHEMA,
        GRAMMAR, REGEX, CHOICE
    }

    /** Returns the form, or empty for any text. */
    static Optional<OutputForm> of(Fields fields) {
        List<OutputForm> forms = new ArrayList<>();
        addResponseFormat(fields.object(RESPONSE_FORMAT), forms);
        addSchema(fields, JSON_SCHEMA, forms);
        addTexts(fields, "", forms);
        addTexts(fields, "guided_", forms);
        if (fields.has("structured_outputs")) {
            addStructured(fields.object("structured_outputs"), forms);
        }
        if (forms.size() > 1) {
            String second = forms.get(1).field;
            throw ApiException.invalid(second, second + ": expected one form of the answer, found also "
                    + forms.getFirst().field);
        }
        boolean spaced = fields.has(COMPACT) && !fields.flag(COMPACT);
        return forms.stream().findFirst().map(form -> spaced && form.kind == Kind.SCHEMA
                ? new OutputForm(form.field, Kind.SPACED_SCHEMA, form.text)
                : form);
    }

    private static void addResponseFormat(Fields format, List<OutputForm> forms) {
        int before = forms.size();
        addSchema(format, SCHEMA, forms);
        if (format.has(JSON_SCHEMA)) {
            Fields named = format.object(JSON_SCHEMA);
            named.flag("strict"); // the form holds in any case
            if (!addSchema(named, SCHEMA, forms)) {
                throw named.wrong(SCHEMA, "a schema");
            }
        }
        boolean hasSchema = forms.size() > before;
        switch (format.text(TYPE, "text")) {
            case "text" -> {
                if (hasSchema) {
                    throw format.wrong(TYPE, "\"json_schema\" with a schema");
                }
            }
            case "json_object" -> {
                if (!hasSchema) {
                    forms.add(new OutputForm(RESPONSE_FORMAT, Kind.SCHEMA, "{\"type\": \"object\"}"));
                }
            }
            case JSON_SCHEMA -> {
                if (!hasSchema) {
                    throw format.object(JSON_SCHEMA).wrong(SCHEMA, "a schema");
                }
            }
            default -> throw format.wrong(TYPE, "\"text\", \"json_object\" or \"json_schema\"");
        }
    }

    /** Adds a field that may be a schema. @return true if it is present */
    private static boolean addSchema(Fields fields, String name, List<OutputForm> forms) {
        switch (fields.value(name)) {
            case null -> {
                return false;
            }
            case Map<?, ?> schema -> add(fields, name, Kind.SCHEMA, Json.writeLine(schema), forms);
            case String schema -> add(fields, name, Kind.SCHEMA, schema, forms);
            default -> throw fields.wrong(name, "a schema");
        }
        return true;
    }

    /** Adds the fields grammar and regex after {@code prefix}, and with vLLM's prefix json and choice. */
    private static void addTexts(Fields fields, String prefix, List<OutputForm> forms) {
        addText(fields, prefix + "grammar", Kind.GRAMMAR, forms);
        addText(fields, prefix + "regex", Kind.REGEX, forms);
        if (!prefix.isEmpty()) {
            addSchema(fields, prefix + "json", forms);
            addChoice(fields, prefix + "choice", forms);
        }
    }

    private static void addStructured(Fields fields, List<OutputForm> forms) {
        int before = forms.size();
        addTexts(fields, "", forms);
        addSchema(fields, "json", forms);
        addChoice(fields, "choice", forms);
        if (fields.flag("json_object")) {
            add(fields, "json_object", Kind.SCHEMA, "{\"type\": \"object\"}", forms);
        }
        if (forms.size() == before) {
            throw ApiException.invalid("structured_outputs", "structured_outputs: expected json, json_object, regex,"
                    + " choice or grammar, found " + String.join(", ", fields.json().keySet()));
        }
    }

    private static void addText(Fields fields, String name, Kind kind, List<OutputForm> forms) {
        if (fields.has(name)) {
            add(fields, name, kind, fields.requiredText(name), forms);
        }
    }

    private static void addChoice(Fields fields, String name, List<OutputForm> forms) {
        if (fields.has(name)) {
            List<String> choices = fields.texts(name, MAX_CHOICES);
            if (choices.isEmpty()) {
                throw fields.wrong(name, "at least one text");
            }
            add(fields, name, Kind.CHOICE, Json.writeLine(choices), forms);
        }
    }

    private static void add(Fields fields, String name, Kind kind, String text, List<OutputForm> forms) {
        forms.add(new OutputForm(fields.place(name), kind, text));
    }

    /** Returns the grammar of the form. @throws ApiException if it is malformed, or not supported */
    Grammar grammar(GrammarCache grammars) {
        return grammars.get(field, List.of(kind.toString(), text), this::grammar);
    }

    /** Returns the grammar of the form. @throws IllegalArgumentException if it is malformed, or not supported */
    Grammar grammar() {
        return switch (kind) {
            case SCHEMA -> Grammar.compactJsonSchema(text);
            case SPACED_SCHEMA -> Grammar.jsonSchema(text);
            case GRAMMAR -> Grammar.gbnf(text);
            case REGEX -> Grammar.regex(text);
            case CHOICE -> Grammar.choice(Json.array(Json.parse(text.getBytes(UTF_8), field), field).stream()
                    .map(choice -> Grammar.text((String) choice)).toArray(Grammar[]::new));
        };
    }
}
