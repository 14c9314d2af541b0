package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Computed tables of numbers, ages and the alphabet. */
final class Numbers {
    private static final int SMALLEST_RANGE = 3;
    private static final int LARGEST_RANGE = 10;
    private static final int LARGEST_SUM = 20;
    private static final int PERSONS = 2000;
    private static final int UNSEEN_PERSONS = 400;
    private static final List<List<String>> COMPARED =
            List.of(List.of("older", "younger"), List.of("taller", "shorter"),
                    List.of("bigger", "smaller"), List.of("faster", "slower"), List.of("stronger", "weaker"),
                    List.of("richer", "poorer"));

    private static final List<String> COUNTED = List.of("coin", "book", "egg", "flower", "stone", "pencil", "key",
            "cup", "button", "shell", "card", "ball", "cake", "plate", "sweet", "toy", "hat");

    private Numbers() {}

    static List<Map<String, String>> numbers() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int n = 1; n <= 99; n++) {
            Map<String, String> row = Tables.row("n", "" + n, "word", English.number(n), "next", "" + (n + 1),
                    "previous", "" + (n - 1), "next word", English.number(n + 1));
            parity(row, n);
            rows.add(row);
        }
        return rows;
    }

    private static void parity(Map<String, String> row, int n) {
        row.put("parity", n % 2 == 0 ? "even" : "odd");
        row.put("other parity", n % 2 == 0 ? "odd" : "even");
    }

    static List<Map<String, String>> parities() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int n = 1; n <= 99; n++) {
            for (String guess : List.of("even", "odd")) {
                Map<String, String> row = Tables.row("n", "" + n, "guess", guess);
                parity(row, n);
                row.put("verdict", guess.equals(row.get("parity")) ? "yes" : "no");
                rows.add(row);
            }
        }
        return rows;
    }

    static List<Map<String, String>> between() {
        return IntStream.rangeClosed(1, 99)
                .mapToObj(n -> Tables.row("a", "" + (n - 1), "n", "" + n, "b", "" + (n + 1))).toList();
    }

    static List<Map<String, String>> compare() {
        List<Map<String, String>> rows = new ArrayList<>();
        Random random = new Random(1);
        Set<List<Integer>> seen = new LinkedHashSet<>();
        while (rows.size() < 900) {
            int most = random.nextBoolean() ? 21 : 101;
            int a = random.nextInt(most);
            int b = random.nextInt(most);
            if (a != b && seen.add(List.of(a, b))) {
                boolean more = random.nextBoolean();
                boolean right = random.nextBoolean();
                String isMore = more ? "more" : "less";
                String isBigger = Topic.pick(List.of(a > b ? "more" : "less", a > b ? "bigger" : "smaller"), random);
                String other = opposite(isBigger);
                rows.add(Tables.row("a", "" + a, "b", "" + b, "more", "" + Math.max(a, b), "less", "" + Math.min(a, b),
                        "true word", isBigger, "word", right ? isBigger : other, "verdict", right ? "yes" : "no"));
            }
        }
        return rows;
    }

    private static String opposite(String word) {
        return switch (word) {
            case "more" -> "less";
            case "less" -> "more";
            case "bigger" -> "smaller";
            default -> "bigger";
        };
    }

    /** Ranges that begin with 2 or more; {@link #countTo} has those from 1, none of which is held out. */
    static List<Map<String, String>> ranges() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int from = 2; from <= 100; from++) {
            for (int count = SMALLEST_RANGE; count <= LARGEST_RANGE && from + count - 1 <= 100; count++) {
                rows.add(range(from, from + count - 1));
            }
        }
        return rows;
    }

    /** Ranges that begin with 1, and the same backwards. */
    static List<Map<String, String>> countTo() {
        return IntStream.rangeClosed(2, 20).mapToObj(to -> {
            Map<String, String> row = range(1, to);
            List<String> down = new ArrayList<>(List.of(row.get("all").split(", ")));
            Collections.reverse(down);
            row.put("down", String.join(", ", down));
            return row;
        }).toList();
    }

    private static Map<String, String> range(int from, int to) {
        List<String> all = IntStream.rangeClosed(from, to).mapToObj(Integer::toString).toList();
        return Tables.row("from", "" + from, "to", "" + to, "from word", English.number(from), "to word",
                English.number(to), "all", String.join(", ", all), "list", English.list(all), "count",
                English.number(all.size()));
    }

    static List<Map<String, String>> sums() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int a = 0; a <= LARGEST_SUM; a++) {
            for (int b = 0; b <= LARGEST_SUM; b++) {
                rows.add(arithmetic(a, b, a + b, Math.min(a, b) + " + " + Math.max(a, b)));
            }
        }
        for (int a = 10; a <= 90; a += 10) {
            for (int b = 10; a + b <= 100; b += 10) {
                rows.add(arithmetic(a, b, a + b, Math.min(a, b) + " + " + Math.max(a, b)));
            }
        }
        return rows;
    }

    static List<Map<String, String>> differences() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int a = 1; a <= LARGEST_SUM; a++) {
            for (int b = 0; b <= a; b++) {
                rows.add(arithmetic(a, b, a - b, a + " - " + b));
            }
        }
        return rows;
    }

    static List<Map<String, String>> products() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int a = 1; a <= 10; a++) {
            for (int b = 1; b <= 10; b++) {
                rows.add(arithmetic(a, b, a * b, ""));
            }
        }
        return rows;
    }

    static List<Map<String, String>> halves() {
        return IntStream.rangeClosed(1, 20).mapToObj(half -> Tables.row("half", "" + half, "n", "" + 2 * half, "n word",
                English.number(2 * half))).toList();
    }

    static List<Map<String, String>> series() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int step : List.of(1, 2, 3, 5, 10)) {
            for (int from = 1; from + 3 * step <= 60 && from <= 30; from += step == 10 || step == 5 ? step : 1) {
                rows.add(series(from, step));
            }
            rows.add(series(step, step));
        }
        return rows;
    }

    private static Map<String, String> series(int from, int step) {
        return Tables.row("a", "" + from, "b", "" + (from + step), "c", "" + (from + 2 * step), "next",
                "" + (from + 3 * step), "step", English.number(step));
    }

    private static Map<String, String> arithmetic(int a, int b, int result, String pair) {
        Map<String, String> row = Tables.row("a", "" + a, "b", "" + b, "answer", "" + result, "pair", pair, "a word",
                English.number(a), "b word", English.number(b), "answer word", English.number(result));
        Map.of("a", a, "b", b, "answer", result).forEach((name, count) -> {
            row.put(name + " apples", counted(count, "apple"));
            row.put(name + " birds", counted(count, "bird"));
            row.put(name + " nuts", counted(count, "nut"));
            row.put(name + " things", counted(count, COUNTED.get((a + b) % COUNTED.size())));
        });
        return row;
    }

    private static String counted(int count, String noun) {
        return count + " " + (count == 1 ? noun : noun + "s");
    }

    static List<Map<String, String>> alphabet() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (char letter = 'A'; letter <= 'Z'; letter++) {
            Map<String, String> row = Tables.row("letter", "" + letter);
            if (letter < 'Z') {
                row.put("next", "" + (char) (letter + 1));
            }
            if (letter > 'A') {
                row.put("previous", "" + (char) (letter - 1));
            }
            rows.add(row);
        }
        return rows;
    }

    /** Pairs of persons with different ages. */
    static List<Map<String, String>> ages(boolean unseen) {
        List<Map<String, String>> rows = new ArrayList<>();
        Random random = new Random(unseen ? 11 : 10);
        while (rows.size() < (unseen ? UNSEEN_PERSONS : PERSONS)) {
            String one = name(unseen, random);
            String two = name(unseen, random);
            int a = 3 + random.nextInt(60);
            int b = 3 + random.nextInt(60);
            if (a != b && !one.equals(two)) {
                rows.add(Tables.row("one", one, "two", two, "a", "" + a, "b", "" + b, "older", a > b ? one : two,
                        "younger", a > b ? two : one, "more", "" + Math.max(a, b), "less", "" + Math.min(a, b)));
            }
        }
        return rows;
    }

    /** Pairs of persons, one of whom is taller, faster or the like. */
    static List<Map<String, String>> comparisons(boolean unseen) {
        List<Map<String, String>> rows = new ArrayList<>();
        Random random = new Random(unseen ? 13 : 12);
        while (rows.size() < (unseen ? UNSEEN_PERSONS : PERSONS)) {
            String one = name(unseen, random);
            String two = name(unseen, random);
            List<String> words = new ArrayList<>(Topic.pick(COMPARED, random));
            Collections.shuffle(words, random);
            boolean same = random.nextBoolean();
            if (!one.equals(two)) {
                rows.add(Tables.row("one", one, "two", two, "more", words.get(0), "less", words.get(1), "asked",
                        words.get(same ? 0 : 1), "answer", same ? one : two));
            }
        }
        return rows;
    }

    private static String name(boolean unseen, Random random) {
        return unseen ? Topic.pick(Names.unseen(), random) : Person.any(random).name();
    }

    /** Rows of a supplier with one of several wishes added to each. */
    static List<Map<String, String>> wishes(Supplier<List<Map<String, String>>> names) {
        List<String> wishes = List.of("goodbye", "good night", "good morning", "thank you", "happy birthday",
                "good luck", "get well soon", "welcome", "bye", "good evening", "merry Christmas");
        Random random = new Random(14);
        List<Map<String, String>> rows = names.get();
        rows.forEach(row -> row.put("wish", Topic.pick(wishes, random)));
        return rows;
    }
}
