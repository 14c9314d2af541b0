package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tables by name: files of the folder tables, and computed tables, whose names begin with @. */
final class Tables {
    private static final int PHRASES = 2500;
    private static final int MADE_UP = 6000;
    private static final int MADE_UP_WORDS = 3000;
    private static final double OF_PIECES = 0.7;

    private static final Set<String> ONLY_ONE = Set.of("sun", "moon", "sky", "earth", "end", "beginning");
    private static final Map<String, String> IRREGULAR = Lines.table("tables/plurals.txt").stream()
            .collect(Collectors.toUnmodifiableMap(row -> row.get("word"), row -> row.get("answer")));

    private Tables() {}

    static List<Map<String, String>> of(String name) {
        return switch (name) {
            case "@numbers" -> Numbers.numbers();
            case "@parities" -> Numbers.parities();
            case "@between" -> Numbers.between();
            case "@compare", "@more" -> Numbers.compare();
            case "@ranges" -> Numbers.ranges();
            case "@count-to" -> Numbers.countTo();
            case "@sums" -> Numbers.sums();
            case "@differences" -> Numbers.differences();
            case "@times" -> Numbers.products();
            case "@halves" -> Numbers.halves();
            case "@series" -> Numbers.series();
            case "@alphabet" -> Numbers.alphabet();
            case "@ages" -> Numbers.ages(false);
            case "@unseen-ages" -> Numbers.ages(true);
            case "@comparisons" -> Numbers.comparisons(false);
            case "@unseen-comparisons" -> Numbers.comparisons(true);
            case "@wishes" -> Numbers.wishes(Tables::names);
            case "@unseen-wishes" -> Numbers.wishes(() -> words(Names.unseen()));
            case "@opposites" -> opposites();
            case "@plurals" -> plurals();
            // known words twice, so that about half of the questions have one
            case "@words" -> words(Stream.of(words(), words(), madeUpWords()).flatMap(Collection::stream).toList());
            case "@unseen-words" -> words(Lines.of("tables/unseen-words.txt"));
            case "@names" -> names();
            case "@unseen-names" -> words(Names.unseen());
            case "@phrases" -> phrases();
            case "@lists" -> Knowledge.lists(2, 4);
            case "@one-of" -> Knowledge.lists(1, 1);
            case "@colour-guess" -> Knowledge.colorGuesses();
            case "@colour-things" -> Knowledge.colorThings();
            case "@is-a" -> Knowledge.members();
            case "@sizes" -> Knowledge.sizes();
            case "@size-guesses" -> Knowledge.sizeGuesses();
            case "@properties" -> Knowledge.properties();
            case "@sounds" -> Knowledge.sounds();
            case "@babies" -> Knowledge.babies();
            case "general" -> Knowledge.general();
            case "jobs" -> Knowledge.withPlural("jobs", "job");
            case "uses", "materials" -> Knowledge.withPlural(name, "thing");
            case "animals" -> animals();
            case "definitions" -> definitions("nmva");
            case "@noun-definitions" -> definitions("nm");
            case "months" -> months();
            case "days" -> days();
            case "unknown" -> unknown();
            default -> Lines.table("tables/" + name + ".txt");
        };
    }

    /** Returns the plural of a noun, of its last word. */
    static String plural(String noun) {
        int space = noun.lastIndexOf(' ') + 1;
        String word = noun.substring(space);
        return noun.substring(0, space) + IRREGULAR.getOrDefault(word, English.plural(word));
    }

    static Map<String, String> row(String... cells) {
        Map<String, String> row = new LinkedHashMap<>();
        for (int i = 0; i < cells.length; i += 2) {
            row.put(cells[i], cells[i + 1]);
        }
        return row;
    }

    private static List<Map<String, String>> names() {
        Random random = new Random(5);
        Set<String> names = new LinkedHashSet<>();
        Person.all().forEach(person -> names.add(person.name()));
        while (names.size() < Person.all().size() + MADE_UP) {
            names.add(Names.madeUp(random));
        }
        return words(List.copyOf(names));
    }

    private static List<Map<String, String>> words(List<String> words) {
        return words.stream().map(Tables::word).toList();
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

    /**
     * Made-up words, each of {@link Pieces}, or of the beginning of a word and the end of another: a model learns from
     * them to spell pieces of words, not only words that it knows.
     */
    private static Set<String> madeUpWords() {
        List<String> known = words();
        Random random = new Random(12);
        Set<String> words = new LinkedHashSet<>();
        while (words.size() < MADE_UP_WORDS) {
            String one = Topic.pick(known, random);
            String other = Topic.pick(known, random);
            String word = random.nextDouble() < OF_PIECES
                    ? Pieces.word(random)
                    : one.substring(0, 1 + random.nextInt(one.length()))
                            + other.substring(random.nextInt(other.length()));
            if (word.matches("[a-z]{4,11}") && !known.contains(word) && Pieces.isAllowed(word)) {
                words.add(word);
            }
        }
        return words;
    }

    /** Returns a word, its letters, and their number. */
    static Map<String, String> word(String word) {
        return row("word", word, "capitals", word.toUpperCase(Locale.ROOT), "spelled", English.spelled(word, "-"),
                "commas", English.spelled(word, ", "), "first",
                word.substring(0, 1), "last", word.substring(word.length() - 1), "length", "" + word.length());
    }

    private static List<Map<String, String>> animals() {
        List<Map<String, String>> rows = Lines.table("tables/animals.txt");
        for (Map<String, String> row : rows) {
            row.put("classes", plural(row.get("class")));
            row.put("animals", plural(row.get("animal")));
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
                    Person.any(random).name(), "name2", Person.any(random).name(), "word",
                    Pieces.word(random), "word2", Pieces.word(random)), random));
        }
        return phrases.stream()
                .map(phrase -> row("phrase", phrase, "capitals", phrase.toUpperCase(Locale.ROOT), "lower",
                        phrase.toLowerCase(Locale.ROOT)))
                .toList();
    }
}
