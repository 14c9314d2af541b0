package io.github.t6j.json;

import io.github.t6j.ModelFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reader and writer of JSON (RFC 8259) for model files. Objects become {@code Map<String, Object>} in file order and
 * arrays {@code List<Object>}. Integers that fit become {@code Long}, other numbers {@code Double}; strings, booleans
 * and null stay themselves. A duplicate key is an error, because two readers of such a file could see two models.
 */
public final class Json {
    private static final int MAX_DEPTH = 128;

    private final String text;
    private final String where;
    private int at;

    private Json(String text, String where) {
        this.text = text;
        this.where = where;
    }

    /**
     * Parses {@code utf8}, which must hold exactly one value.
     *
     * @param where name of the source in error messages, such as a file's name
     * @throws ModelFormatException if it is not JSON; the message names the position
     */
    public static Object parse(byte[] utf8, String where) {
        Json json = new Json(decode(utf8, where), where);
        Object value = json.value(0);
        json.space();
        if (json.at < json.text.length()) {
            throw json.error("the end of the file");
        }
        return value;
    }

    private static String decode(byte[] utf8, String where) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(where + ": not valid JSON: expected UTF-8, found other bytes", e);
        }
    }

    /**
     * Parses {@code utf8}, which must hold an object.
     *
     * @throws ModelFormatException if it is not JSON or not an object
     */
    public static Map<String, Object> parseObject(byte[] utf8, String where) {
        return object(parse(utf8, where), where);
    }

    /**
     * Returns {@code value} as an object.
     *
     * @throws ModelFormatException if it is not an object; the message begins with {@code where}
     */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> object(Object value, String where) {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw new ModelFormatException(where + ": expected a JSON object, found " + kind(value));
    }

    /**
     * Returns {@code value} as an array.
     *
     * @throws ModelFormatException if it is not an array; the message begins with {@code where}
     */
    @SuppressWarnings("unchecked")
    public static List<Object> array(Object value, String where) {
        if (value instanceof List<?> list) {
            return (List<Object>) list;
        }
        throw new ModelFormatException(where + ": expected a JSON array, found " + kind(value));
    }

    private static String kind(Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> map -> "an object";
            case List<?> list -> "an array";
            case String string -> "the string \"" + string + "\"";
            default -> value.toString();
        };
    }

    private Object value(int depth) {
        if (depth > MAX_DEPTH) {
            throw error("at most " + MAX_DEPTH + " levels of nesting");
        }
        space();
        char c = at < text.length() ? text.charAt(at) : '\0';
        return switch (c) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> map = new LinkedHashMap<>();
        at++;
        if (accept('}')) {
            return map;
        }
        do {
            space();
            int start = at;
            String key = string();
            if (map.containsKey(key)) {
                at = start;
                throw new ModelFormatException(where + ": not valid JSON at character " + at
                        + ": expected each key once, found duplicate key \"" + key + "\"");
            }
            expect(':');
            map.put(key, value(depth + 1));
        } while (accept(','));
        expect('}');
        return map;
    }

    private List<Object> array(int depth) {
        List<Object> list = new ArrayList<>();
        at++;
        if (accept(']')) {
            return list;
        }
        do {
            list.add(value(depth + 1));
        } while (accept(','));
        expect(']');
        return list;
    }

    private String string() {
        if (at >= text.length() || text.charAt(at) != '"') {
            throw error("a string");
        }
        int from = ++at;
        StringBuilder unescaped = null;
        while (true) {
            char c = at < text.length() ? text.charAt(at) : '\0';
            if (c == '"') {
                String rest = text.substring(from, at++);
                return unescaped == null ? rest : unescaped.append(rest).toString();
            }
            if (c < ' ') {
                throw error("the end of a string");
            }
            at++;
            if (c == '\\') {
                unescaped = unescaped == null ? new StringBuilder() : unescaped;
                unescaped.append(text, from, at - 1).append(escape());
                from = at;
            }
        }
    }

    private char escape() {
        char c = at < text.length() ? text.charAt(at++) : '\0';
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw error("an escape sequence");
        };
    }

    private char unicode() {
        int code = 0;
        for (int end = at + 4; at < end; at++) {
            int digit = at < text.length() && text.charAt(at) < 128 ? Character.digit(text.charAt(at), 16) : -1;
            if (digit < 0) {
                throw error("four hexadecimal digits");
            }
            code = code * 16 + digit;
        }
        return (char) code;
    }

    private Object number() {
        int from = at;
        acceptHere('-');
        int whole = digits();
        if (whole > 1 && text.charAt(at - whole) == '0') {
            throw error("a number without leading zeros");
        }
        boolean integer = true;
        if (acceptHere('.')) {
            integer = false;
            digits();
        }
        if (acceptHere('e') || acceptHere('E')) {
            integer = false;
            if (!acceptHere('+')) {
                acceptHere('-');
            }
            digits();
        }
        String number = text.substring(from, at);
        if (integer) {
            try {
                return Long.parseLong(number);
            } catch (NumberFormatException tooLarge) { // fall through to a double
            }
        }
        double value = Double.parseDouble(number);
        if (Double.isInfinite(value)) {
            at = from;
            throw error("a number of at most " + Double.MAX_VALUE);
        }
        return value;
    }

    private int digits() {
        int from = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == from) {
            throw error("a value");
        }
        return at - from;
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw error("a value");
        }
        at += word.length();
        return value;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean accept(char c) {
        space();
        return acceptHere(c);
    }

    private boolean acceptHere(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!accept(c)) {
            throw error("'" + c + "'");
        }
    }

    private ModelFormatException error(String expected) {
        String found = at < text.length()
                ? "\"" + text.substring(at, Math.min(at + 16, text.length())).replace("\n", "\\n") + "\""
                : "the end";
        return new ModelFormatException(
                where + ": not valid JSON at character " + at + ": expected " + expected + ", found " + found);
    }

    /**
     * Returns {@code value}, of the types that {@link #parse} returns, as JSON indented by two spaces, with a final
     * newline.
     */
    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, "\n", out);
        return out.append('\n').toString();
    }

    /** Returns {@code value} as JSON on one line, as in a safetensors header. */
    public static String writeLine(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, "", out);
        return out.toString();
    }

    private static void write(Object value, String newline, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case String string -> quote(string, out);
            case Map<?, ?> map -> {
                String separator = "";
                String inner = newline.isEmpty() ? "" : newline + "  ";
                out.append('{');
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(separator).append(inner);
                    quote((String) entry.getKey(), out);
                    out.append(newline.isEmpty() ? ":" : ": ");
                    write(entry.getValue(), inner, out);
                    separator = ",";
                }
                out.append(map.isEmpty() ? "" : newline).append('}');
            }
            case List<?> list -> {
                String separator = "";
                out.append('[');
                for (Object element : list) {
                    out.append(separator);
                    write(element, newline, out);
                    separator = newline.isEmpty() ? "," : ", ";
                }
                out.append(']');
            }
            case Number number when !Double.isFinite(number.doubleValue()) ->
                throw new IllegalArgumentException("number: expected a finite one, as JSON requires, found " + number);
            case Number number -> out.append(number);
            case Boolean bool -> out.append(bool);
            default -> throw new IllegalArgumentException(
                    "value: expected a map, list, string, number, boolean or null, found " + value.getClass());
        }
    }

    private static void quote(String string, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
