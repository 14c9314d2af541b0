package io.github.t6j.grammar;

/** Form of characters inside a JSON string. */
final class JsonText {
    static final CodePoints CONTROLS = CodePoints.of(0, 0x1F);
    /** Characters that JSON does not allow unescaped. */
    static final CodePoints ESCAPED = CONTROLS.union(CodePoints.anyOf("\"\\"));

    private JsonText() {}

    /** Returns the shortest escape of a member of {@link #ESCAPED}. */
    static String escape(int c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", c);
        };
    }

    /** Returns {@code text} as a JSON string in quotes. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (ESCAPED.contains(c)) {
                quoted.append(escape(c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append('"').toString();
    }
}
