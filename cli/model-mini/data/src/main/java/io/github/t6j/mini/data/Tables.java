package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Tables by name: files of the folder tables, and computed tables, whose names begin with @. */
final class Tables {
    private static final int SMALLEST_RANGE = 3;
    private static final int LARGEST_RANGE = 10;
    private static final int PHRASES = 900;
    private static final int LISTS = 40;

    private static final Set<String> ONLY_ONE = Set.of("sun", "moon", "sky", "earth", "end", "beginning");

    private Tables() {}

    static List<Map<String, String>> of(String name) {
        return switch (name) {
            case "@numbers" -> numbers();
            case "@between" -> between();
            case "@compare" -> compare();
            case "@ranges" -> ranges();
            case "@sums" -> sums();
            case "@differences" -> differences();
            case "@opposites" -> opposites();
            case "@plurals" -> plurals();
            case "@words" -> words().stream().map(Tables::word).toList();
            case "@names" -> Person.all().stream().map(person -> word(person.name())).toList();
            case "@phrases" -> phrases();
            case "@lists" -> lists();
            case "animals" -> animals();
            case "definitions" -> definitions("nmva");
            case "@noun-definitions" -> definitions("nm");
            case "@colour-guess" -> colorGuesses();
            case "months" -> months();
            case "days" -> days();
            case "unknown" -> unknown();
            default -> Lines.table("tables/" + name + ".txt");
        };
    }

    private static Map<String, String> row(String... cells) {
        Map<String, String> row = new LinkedHashMap<>();
        for (int i = 0; i < cells.length; i += 2) {
            row.put(cells[i], cells[i + 1]);
        }
        return row;
    }

    private static List<Map<String, String>> numbers() {
        return IntStream.rangeClosed(1, 99)
                .mapToObj(n -> row("n", "" + n, "word", English.number(n), "next", "" + (n + 1),
                        "previous", "" + (n - 1), "next word", English.number(n + 1)))
                .toList();
    }

    private static List<Map<String, String>> between() {
        return IntStream.rangeClosed(1, 99).mapToObj(n -> row("a", "" + (n - 1), "n", "" + n, "b", "" + (n + 1)))
                .toList();
    }

    private static List<Map<String, String>> compare() {
        List<Map<String, String>> rows = new ArrayList<>();
        Random random = new Random(1);
        Set<List<Integer>> seen = new LinkedHashSet<>();
        while (rows.size() < 600) {
            int a = 2 + random.nextInt(99);
            int b = 2 + random.nextInt(99);
            if (a != b && seen.add(List.of(a, b))) {
                rows.add(row("a", "" + a, "b", "" + b, "more", "" + Math.max(a, b), "less", "" + Math.min(a, b)));
            }
        }
        return rows;
    }

    private static List<Map<String, String>> ranges() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int from = 1; from <= 100; from++) {
            for (int count = SMALLEST_RANGE; count <= LARGEST_RANGE && from + count - 1 <= 100; count++) {
                List<String> all = IntStream.range(from, from + count).mapToObj(Integer::toString).toList();
                rows.add(row("from", "" + from, "to", "" + (from + count - 1), "count", "" + count, "all",
                        String.join(", ", all), "list", English.list(all)));
            }
        }
        return rows;
    }

    private static List<Map<String, String>> sums() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int a = 1; a < 20; a++) {
            for (int b = 1; a + b < 20; b++) {
                rows.add(arithmetic(a, b, a + b));
            }
        }
        return rows;
    }

    private static List<Map<String, String>> differences() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (int a = 1; a < 20; a++) {
            for (int b = 1; b <= a; b++) {
                rows.add(arithmetic(a, b, a - b));
            }
        }
        return rows;
    }

    private static Map<String, String> arithmetic(int a, int b, int result) {
        Map<String, String> row =
                row("a", "" + a, "b", "" + b, "answer", "" + result, "a word", English.number(a), "b word",
                        English.number(b), "answer word", English.number(result));
        Map.of("a", a, "b", b, "answer", result).forEach((name, count) -> {
            row.put(name + " apples", counted(count, "apple"));
            row.put(name + " birds", counted(count, "bird"));
            row.put(name + " nuts", counted(count, "nut"));
        });
        return row;
    }

    private static String counted(int count, String noun) {
        return count + " " + (count == 1 ? noun : noun + "s");
    }

    private static List<Map<String, String>> opposites() {
        Map<String, Set<String>> all = new LinkedHashMap<>();
        for (Map<String, String> pair : Lines.table("tables/opposites.txt")) {
            all.computeIfAbsent(pair.get("one"), key -> new LinkedHashSet<>()).add(pair.get("other"));
            all.computeIfAbsent(pair.get("other"), key -> new LinkedHashSet<>()).add(pair.get("one"));
        }
        List<Map<String, String>> rows = new ArrayList<>();
        all.forEach((word, opposites) -> rows.add(
                row("word", word, "answer", opposites.iterator().next(), "answers", String.join(" / ", opposites))));
        return rows;
    }

    private static List<Map<String, String>> plurals() {
        List<Map<String, String>> rows = new ArrayList<>(Lines.table("tables/plurals.txt"));
        for (String noun : Lines.of("tables/nouns.txt")) {
            rows.add(row("word", noun, "answer", English.plural(noun)));
        }
        return rows;
    }

    /** Words to spell and to write in capitals. */
    static List<String> words() {
        Set<String> words = new LinkedHashSet<>();
        Lines.table("tables/definitions.txt").forEach(row -> words.add(row.get("word")));
        Lines.table("tables/animals.txt").forEach(row -> words.add(row.get("animal")));
        Lines.table("tables/opposites.txt").forEach(row -> words.addAll(row.values()));
        words.addAll(Lines.of("tables/nouns.txt"));
        return words.stream().filter(word -> word.matches("[a-z]{2,9}")).toList();
    }

    private static Map<String, String> word(String word) {
        return row("word", word, "capitals", word.toUpperCase(Locale.ROOT), "spelled", English.spelled(word, "-"),
                "commas", English.spelled(word, ", "), "first",
                word.substring(0, 1), "last", word.substring(word.length() - 1), "length", "" + word.length());
    }

    private static List<Map<String, String>> animals() {
        List<Map<String, String>> rows = Lines.table("tables/animals.txt");
        for (Map<String, String> row : rows) {
            row.put("classes", row.get("class").equals("fish") ? "fish" : English.plural(row.get("class")));
            if (row.containsKey("legs")) {
                row.put("legs accepted", row.get("legs").equals("0") ? "0 / no legs / none" : row.get("legs"));
                row.put("legs word", English.number(Integer.parseInt(row.get("legs"))));
            }
            if (row.containsKey("flies")) {
                row.put("can fly", row.get("flies").equals("yes") ? "can fly" : "cannot fly");
            }
        }
        return rows;
    }

    /** Definitions of some parts of speech, with {@code core}, by which an answer is recognised. */
    private static List<Map<String, String>> definitions(String parts) {
        List<Map<String, String>> rows = Lines.table("tables/definitions.txt").stream()
                .filter(row -> parts.contains(row.get("pos"))).toList();
        for (Map<String, String> row : rows) {
            String word = row.get("word");
            row.put("core", row.get("definition").replaceFirst("^(?:an?|the|to) ", ""));
            row.put("link", row.get("pos").equals("a") ? "means" : "is");
            row.put("subject", switch (row.get("pos")) {
                case "n" -> (ONLY_ONE.contains(word) ? "the " + word : English.withArticle(word));
                case "v" -> "to " + word;
                default -> word;
            });
        }
        return rows;
    }

    /** Questions for each thing with a colour about its colour and two others, with yes or no. */
    private static List<Map<String, String>> colorGuesses() {
        List<Map<String, String>> rows = new ArrayList<>();
        List<String> colors = Lines.sections("tables/classes.txt").get("colours|a colour");
        Random random = new Random(4);
        for (Map<String, String> thing : Lines.table("tables/colours.txt")) {
            List<String> guesses = new ArrayList<>(colors);
            guesses.remove(thing.get("answer"));
            Collections.shuffle(guesses, random);
            for (String guess : List.of(thing.get("answer"), guesses.get(0), thing.get("answer"), guesses.get(1))) {
                Map<String, String> row = new LinkedHashMap<>(thing);
                row.put("guess", guess);
                row.put("verdict", guess.equals(thing.get("answer")) ? "yes" : "no");
                rows.add(row);
            }
        }
        return rows;
    }

    private static List<Map<String, String>> months() {
        List<Map<String, String>> rows = Lines.table("tables/months.txt");
        rows.forEach(row -> row.put("day count", row.get("days").replace(" / ", " or ")));
        return rows;
    }

    private static List<Map<String, String>> days() {
        List<Map<String, String>> rows = Lines.table("tables/days.txt");
        rows.forEach(
                row -> row.put("kind phrase", row.get("kind").equals("weekend") ? "part of the weekend" : "a weekday"));
        return rows;
    }

    private static List<Map<String, String>> unknown() {
        List<Map<String, String>> rows = Lines.table("tables/unknown.txt");
        rows.forEach(row -> row.put("you asked", row.get("asked").replaceAll("\\bmy\\b", "your")));
        return rows;
    }

    private static List<Map<String, String>> phrases() {
        List<Form> forms = Lines.of("talk/phrases.txt").stream().map(Form::of).toList();
        List<Map<String, String>> nouns = Lines.table("tables/animals.txt");
        List<String> things = Lines.table("tables/things.txt").stream().map(row -> row.get("noun")).toList();
        Random random = new Random(2);
        Set<String> phrases = new LinkedHashSet<>();
        while (phrases.size() < PHRASES) {
            phrases.add(Topic.pick(forms, random).fill(row("animal", Topic.pick(nouns, random).get("animal"), "thing",
                    Topic.pick(things, random), "thing2", Topic.pick(things, random), "name",
                    Person.any(random).name(), "name2", Person.any(random).name()), random));
        }
        return phrases.stream()
                .map(phrase -> row("phrase", phrase, "capitals", phrase.toUpperCase(Locale.ROOT), "lower",
                        phrase.toLowerCase(Locale.ROOT)))
                .toList();
    }

    /** Lists of two to four members of a class. Many rows have the same thing: other members are right answers, too. */
    private static List<Map<String, String>> lists() {
        List<Map<String, String>> rows = new ArrayList<>();
        Random random = new Random(3);
        Lines.sections("tables/classes.txt").forEach((heading, members) -> {
            String[] names = heading.split("\\|");
            for (int count = 2; count <= 4; count++) {
                for (int i = 0; i < LISTS; i++) {
                    List<String> chosen = new ArrayList<>(members);
                    Collections.shuffle(chosen, random);
                    chosen = chosen.subList(0, count);
                    rows.add(row("class", names[0].strip(), "one", names[1].strip(), "count", "" + count, "number",
                            English.number(count), "list", English.list(chosen), "commas", String.join(", ", chosen),
                            "lines", String.join("\n", chosen), "members", String.join("; ", members)));
                }
            }
        });
        return rows;
    }
}
