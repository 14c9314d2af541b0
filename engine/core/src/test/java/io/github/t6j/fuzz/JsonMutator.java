package io.github.t6j.fuzz;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * Changes a JSON text so that it usually stays valid: replaces values and keys, removes or duplicates members and
 * elements.
 */
final class JsonMutator {
    private static final List<String> BORDERS = List.of("0", "-1", "1", "255", "2147483647", "2147483648", "4294967296",
            "9007199254740992", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e999", "-0.0",
            "0.5", "1e-400", "null", "true", "\"\"", "\"x\"", "\"\\ud800\"", "\"../x\"", "\"F32\"", "\"__metadata__\"",
            "[]", "{}", "[0]", "{\"a\":{\"b\":[]}}", "[".repeat(200) + "]".repeat(200), '"' + "y".repeat(3000) + '"');

    private final String json;
    private final Random random;
    private final List<Span> keys = new ArrayList<>();
    private final List<Span> values = new ArrayList<>();
    /** Members of objects, with their keys, and elements of arrays. */
    private final List<Span> items = new ArrayList<>();

    private record Span(int from, int to) {}

    private JsonMutator(String json, Random random) {
        this.json = json;
        this.random = random;
        scan();
    }

    /** Returns {@code json}, valid or not, with one change; unchanged if it has no value. */
    static String mutate(String json, Random random) {
        JsonMutator mutator = new JsonMutator(json, random);
        return mutator.items.isEmpty() || mutator.values.isEmpty() ? json : mutator.change();
    }

    private void scan() {
        Deque<int[]> open = new ArrayDeque<>(); // start of each open container and of its current item
        for (int at = 0; at < json.length();) {
            char c = json.charAt(at);
            if (c == '{' || c == '[') {
                open.push(new int[] {at, ++at});
            } else if (c == '}' || c == ']' || c == ',') {
                if (!open.isEmpty()) {
                    addItem(open.peek(), at);
                    if (c != ',') {
                        values.add(new Span(open.pop()[0], at + 1));
                    }
                }
                at++;
            } else if (c == ':' || c <= ' ') {
                at++;
            } else {
                int end = c == '"' ? endOfString(at) : endOfWord(at);
                (isKey(end) ? keys : values).add(new Span(at, end));
                at = end;
            }
        }
    }

    private boolean isKey(int end) {
        int next = end;
        while (next < json.length() && json.charAt(next) <= ' ') {
            next++;
        }
        return next < json.length() && json.charAt(next) == ':';
    }

    private void addItem(int[] container, int end) {
        if (!json.substring(container[1], end).isBlank()) {
            items.add(new Span(container[1], end));
        }
        container[1] = end + 1;
    }

    private int endOfString(int from) {
        int at = from + 1;
        while (at < json.length() && json.charAt(at) != '"') {
            at += json.charAt(at) == '\\' ? 2 : 1;
        }
        return Math.min(at + 1, json.length());
    }

    private int endOfWord(int from) {
        int at = from + 1;
        while (at < json.length() && "{}[],:\"".indexOf(json.charAt(at)) < 0 && json.charAt(at) > ' ') {
            at++;
        }
        return at;
    }

    private String change() {
        Span value = pick(values);
        Span item = pick(items);
        return switch (random.nextInt(9)) {
            case 0 -> replace(value, pick(BORDERS));
            case 1 -> replace(value, text(pick(values)));
            case 2 -> replace(value, "[" + text(value) + "]");
            case 3, 4 -> replaceNumber(value);
            case 5 -> remove(item);
            case 6 -> replace(item, text(item) + "," + text(item));
            case 7 -> keys.isEmpty() ? json : replace(pick(keys), random.nextBoolean() ? text(pick(keys)) : "\"new\"");
            default -> swap(value, pick(values));
        };
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private String text(Span span) {
        return json.substring(span.from, span.to);
    }

    private String replace(Span span, String with) {
        return json.substring(0, span.from) + with + json.substring(span.to);
    }

    private String replaceNumber(Span value) {
        if (!text(value).matches("-?\\d{1,18}")) {
            return replace(value, pick(BORDERS));
        }
        long n = Long.parseLong(text(value));
        return replace(value, Long.toString(switch (random.nextInt(6)) {
            case 0 -> n + 1;
            case 1 -> n - 1;
            case 2 -> n * 2;
            case 3 -> n / 2;
            case 4 -> -n;
            default -> 1L << random.nextInt(64);
        }));
    }

    private String remove(Span item) {
        boolean last = item.to >= json.length() || json.charAt(item.to) != ',';
        boolean first = json.charAt(item.from - 1) != ',';
        return json.substring(0, last && !first ? item.from - 1 : item.from)
                + json.substring(last ? item.to : item.to + 1);
    }

    private String swap(Span a, Span b) {
        if (a.from > b.from) {
            return swap(b, a);
        }
        return a.to > b.from
                ? json
                : json.substring(0, a.from) + text(b) + json.substring(a.to, b.from) + text(a) + json.substring(b.to);
    }
}
