package io.github.t6j.chat.internal;

/** Extent of a JSON value whose characters arrive one by one. */
final class JsonValue {
    private int depth;
    private boolean inString;
    private boolean escaped;
    private boolean begun;
    private boolean complete;

    /** Returns true if {@code next} belongs to the value; the first character must. */
    boolean accept(char next) {
        if (complete || begun && depth == 0 && !inString && endsScalar(next)) {
            complete = true;
            return false;
        }
        begun = true;
        if (escaped) {
            escaped = false;
        } else if (inString) {
            escaped = next == '\\';
            inString = next != '"';
            complete = !inString && depth == 0;
        } else if (next == '"') {
            inString = true;
        } else if (next == '{' || next == '[') {
            depth++;
        } else if (next == '}' || next == ']') {
            depth--;
            complete = depth == 0;
        }
        return true;
    }

    private static boolean endsScalar(char next) {
        return next == ',' || next == '}' || next == ']' || Character.isWhitespace(next);
    }

    boolean isComplete() {
        return complete;
    }
}
