package io.github.t6j.chat.internal;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** A call that is a JSON object with a name and arguments, whose characters arrive one by one. */
final class JsonCall {
    private static final String NAME = "name";
    private static final String ID = "id";
    private static final Set<String> ARGUMENTS = Set.of("arguments", "parameters");
    /** Keys with which a call without a tag may begin. */
    private static final Set<String> KEYS = Set.of(NAME, ID, "type", "arguments", "parameters");

    private enum Phase {
        BEFORE_KEY, KEY, COLON, BEFORE_VALUE, VALUE
    }

    private final AnswerParser parser;
    private final boolean plain;
    private final CallReader reader;
    private Phase phase = Phase.BEFORE_KEY;
    private JsonValue value;
    private final StringBuilder text = new StringBuilder(); // of the key or value
    private final StringBuilder arguments = new StringBuilder(); // not passed on yet
    private String key;
    private String id = "";
    private boolean hasArguments;
    private boolean begun;
    private boolean complete;

    /** @param plain true if only the name of a tool makes it a call */
    JsonCall(AnswerParser parser, boolean plain, CallReader reader) {
        this.parser = parser;
        this.plain = plain;
        this.reader = reader;
    }

    /** Returns true if the name is known, so that it is a call. */
    boolean hasBegun() {
        return begun;
    }

    boolean isComplete() {
        return complete;
    }

    /** Passes on the arguments so far. */
    void flush() {
        if (begun) {
            parser.arguments(arguments.toString());
            arguments.setLength(0);
        }
    }

    /** Takes the next character after the opening brace; returns false if this is not a call. */
    boolean accept(char next) {
        boolean space = Character.isWhitespace(next);
        return switch (phase) {
            case BEFORE_KEY -> space || next == ',' || beginKey(next);
            case KEY -> {
                text.append(next);
                value.accept(next);
                yield !value.isComplete() || endKey();
            }
            case COLON -> {
                phase = next == ':' ? Phase.BEFORE_VALUE : phase;
                yield space || next == ':';
            }
            case BEFORE_VALUE -> space || beginValue(next);
            case VALUE -> acceptValue(next);
        };
    }

    private boolean beginKey(char next) {
        if (next == '}') {
            return end();
        }
        begin(Phase.KEY, next);
        return next == '"';
    }

    private boolean end() {
        if (begun && !hasArguments) {
            arguments.append("{}");
        }
        complete = begun;
        return begun;
    }

    private void begin(Phase newPhase, char next) {
        phase = newPhase;
        value = new JsonValue();
        value.accept(next);
        text.setLength(0);
        text.append(next);
    }

    private boolean endKey() {
        key = string();
        phase = Phase.COLON;
        return key != null && (!plain || begun || KEYS.contains(key));
    }

    /** Returns the text between quotes, or null if it is not valid. */
    private String string() {
        try {
            return Json.parse(text.toString().getBytes(StandardCharsets.UTF_8), "call") instanceof String string
                    ? string
                    : null;
        } catch (ModelFormatException wrong) {
            return null;
        }
    }

    private boolean beginValue(char next) {
        if (",:}]".indexOf(next) >= 0) {
            return false;
        }
        begin(Phase.VALUE, next);
        if (streams()) {
            hasArguments = true;
            arguments.append(next);
        }
        return true;
    }

    /** Returns true if the value is an object of arguments, which is passed on while it arrives. */
    private boolean streams() {
        return ARGUMENTS.contains(key) && text.charAt(0) == '{';
    }

    private boolean acceptValue(char next) {
        boolean belongs = value.accept(next);
        if (belongs && streams()) {
            arguments.append(next);
        } else if (belongs) {
            text.append(next);
        }
        if (!value.isComplete()) {
            return true;
        }
        phase = Phase.BEFORE_KEY;
        return endValue() && (belongs || accept(next));
    }

    private boolean endValue() {
        if (key.equals(NAME)) {
            String name = string();
            return name != null && !name.isBlank() && !begun && beginCall(name);
        }
        if (key.equals(ID) && string() != null) {
            id = string();
        }
        if (ARGUMENTS.contains(key) && !streams() && string() != null) { // an object within a text
            hasArguments = true;
            arguments.append(string());
        }
        return true;
    }

    private boolean beginCall(String name) {
        if (plain && parser.tools().stream().noneMatch(tool -> tool.name().equals(name))) {
            return false;
        }
        begun = true;
        reader.raw().setLength(0);
        parser.beginCall(id, name);
        return true;
    }
}
