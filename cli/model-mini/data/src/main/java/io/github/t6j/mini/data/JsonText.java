package io.github.t6j.mini.data;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writer of strings, numbers, booleans, lists and maps as JSON, since the generator runs without t6j's classes. */
final class JsonText {
    private JsonText() {}

    static String of(Object value) {
        StringBuilder json = new StringBuilder();
        append(json, value);
        return json.toString();
    }

    private static void append(StringBuilder json, Object value) {
        switch (value) {
            case String text -> string(json, text);
            case List<?> list -> {
                json.append('[');
                for (int i = 0; i < list.size(); i++) {
                    append(i == 0 ? json : json.append(", "), list.get(i));
                }
                json.append(']');
            }
            case Map<?, ?> map -> {
                json.append('{');
                for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext();) {
                    Map.Entry<?, ?> entry = entries.next();
                    string(json, entry.getKey().toString());
                    append(json.append(": "), entry.getValue());
                    json.append(entries.hasNext() ? ", " : "");
                }
                json.append('}');
            }
            default -> json.append(value);
        }
    }

    private static void string(StringBuilder json, String text) {
        json.append('"');
        for (char c : text.toCharArray()) {
            switch (c) {
                case '"', '\\' -> json.append('\\').append(c);
                case '\n' -> json.append("\\n");
                default -> {
                    if (c < ' ') {
                        json.append(String.format("\\u%04x", (int) c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
