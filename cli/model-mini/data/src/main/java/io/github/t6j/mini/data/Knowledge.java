package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Computed tables about things: colours, classes, sizes, properties. */
final class Knowledge {
    private static final int LISTS = 40;
    private static final int WRONG = 4;
    private static final Set<String> NOT_MEMBERS = Set.of("shapes", "colours");
    private static final Map<String, List<String>> CLASSES = Lines.sections("tables/classes.txt");

    private Knowledge() {}

    /** Questions for each thing with a colour about its colour and two others, with yes or no. */
    static List<Map<String, String>> colorGuesses() {
        List<Map<String, String>> rows = new ArrayList<>();
        List<String> colors = CLASSES.get("colours|a colour");
        Random random = new Random(4);
        for (Map<String, String> thing : Lines.table("tables/colours.txt")) {
            List<String> guesses = new ArrayList<>(colors);
            guesses.remove(thing.get("answer"));
            Collections.shuffle(guesses, random);
            for (int i = 0; i < 6; i++) {
                boolean right = i % 2 == 0;
                Map<String, String> row = new LinkedHashMap<>(thing);
                either(row, thing.get("answer"), guesses.get(i), random);
                row.put("guess", right ? thing.get("answer") : guesses.get(i));
                row.put("verdict", right ? "yes" : "no");
                rows.add(row);
            }
        }
        return rows;
    }

    private static void either(Map<String, String> row, String one, String other, Random random) {
        boolean first = random.nextBoolean();
        row.put("either", first ? one : other);
        row.put("or", first ? other : one);
    }

    /** One row for each thing with a colour; all things of the colour are right answers. */
    static List<Map<String, String>> colorThings() {
        List<Map<String, String>> rows = new ArrayList<>();
        List<Map<String, String>> things = Lines.table("tables/colours.txt");
        for (Map<String, String> thing : things) {
            List<String> same = things.stream().filter(other -> other.get("answer").equals(thing.get("answer")))
                    .map(other -> other.get("thing").replaceFirst("^(?:an?|the) ", "")).toList();
            rows.add(Tables.row("colour", thing.get("answer"), "thing", thing.get("thing"), "things",
                    String.join(" / ", same)));
        }
        return rows;
    }

    /** Lists of members of a class. Many rows have the same thing: other members are right answers, too. */
    static List<Map<String, String>> lists(int from, int to) {
        List<Map<String, String>> rows = new ArrayList<>();
        Random random = new Random(3);
        CLASSES.forEach((heading, members) -> {
            String[] names = heading.split("\\|");
            for (int count = from; count <= to; count++) {
                for (int i = 0; i < LISTS; i++) {
                    List<String> chosen = new ArrayList<>(members);
                    Collections.rotate(chosen, random.nextInt(members.size()));
                    chosen = chosen.subList(0, count);
                    String one = chosen.getFirst();
                    boolean bare = Character.isUpperCase(one.charAt(0)) || isMass(names[0].strip());
                    rows.add(Tables.row("class", names[0].strip(), "one", names[1].strip(), "count", "" + count,
                            "number", English.number(count), "list", English.list(chosen), "commas",
                            String.join(", ", chosen), "lines", String.join("\n", chosen), "member", one,
                            "article member", bare ? one : English.withArticle(one), "members",
                            String.join("; ", members)));
                }
            }
        });
        return rows;
    }

    private static boolean isMass(String name) {
        return Set.of("colours", "seasons", "drinks").contains(name);
    }

    /** Returns things with their class, and with classes of other things. */
    static List<Map<String, String>> members() {
        List<Map<String, String>> rows = new ArrayList<>();
        Map<String, String> right = new LinkedHashMap<>(); // thing with its article: its class with an article
        Map<String, String> plural = new LinkedHashMap<>();
        Lines.table("tables/animals.txt").forEach(row -> right.put(English.withArticle(row.get("animal")),
                English.withArticle(row.get("class"))));
        List<String> animals = List.copyOf(new LinkedHashSet<>(right.values()));
        animals.forEach(one -> plural.put(one, Tables.plural(one.replaceFirst("^an? ", ""))));
        Set<String> others = new LinkedHashSet<>();
        CLASSES.forEach((heading, members) -> {
            String[] names = heading.split("\\|");
            boolean isAnimal = Set.of("animals", "birds", "insects").contains(names[0].strip());
            if (!isAnimal && !NOT_MEMBERS.contains(names[0].strip())) {
                plural.put(names[1].strip(), names[0].strip());
                others.add(names[1].strip());
                for (String member : members) {
                    boolean bare = Character.isUpperCase(member.charAt(0)) || isMass(names[0].strip());
                    right.putIfAbsent(bare ? member : English.withArticle(member), names[1].strip());
                }
            }
        });
        Random random = new Random(6);
        right.forEach((thing, one) -> {
            List<String> near = new ArrayList<>(animals.contains(one) ? animals : others);
            near.remove(one);
            Collections.shuffle(near, random);
            for (int i = 0; i < 2 * WRONG; i++) {
                boolean yes = i % 2 == 0;
                String wrong = i == 3 && animals.contains(one)
                        ? Topic.pick(List.copyOf(others), random)
                        : near.get(i / 2 % near.size());
                Map<String, String> row = Tables.row("thing", thing, "class", yes ? one : wrong, "right", one, "rights",
                        plural.get(one), "wrong", wrong.replaceFirst("^an? ", ""), "other", wrong, "verdict",
                        yes ? "yes" : "no", "reason", thing + " is " + one);
                either(row, one, wrong, random);
                rows.add(row);
            }
        });
        for (String animal : List.copyOf(right.keySet())) {
            if (animals.contains(right.get(animal))) {
                rows.add(Tables.row("thing", animal, "class", "an animal", "right", "an animal", "rights", "animals",
                        "verdict", "yes", "reason", animal + " is an animal"));
            } else if (random.nextInt(4) == 0) {
                rows.add(Tables.row("thing", animal, "class", "an animal", "right", right.get(animal), "rights",
                        plural.get(right.get(animal)), "verdict", "no", "reason",
                        animal + " is " + right.get(animal)));
            }
        }
        return rows;
    }

    /** Pairs of things of clearly different size, in both orders. */
    static List<Map<String, String>> sizes() {
        List<Map<String, String>> rows = new ArrayList<>();
        List<Map<String, String>> things = Lines.table("tables/sizes.txt");
        Random random = new Random(7);
        for (Map<String, String> one : things) {
            for (Map<String, String> two : things) {
                int difference = Integer.parseInt(one.get("rank")) - Integer.parseInt(two.get("rank"));
                if (Math.abs(difference) >= 2 && random.nextInt(3) == 0) {
                    String first = one.get("thing");
                    String second = two.get("thing");
                    boolean bigger = difference > 0;
                    rows.add(Tables.row("one", first, "two", second, "ones", Tables.plural(first), "twos",
                            Tables.plural(second), "big", bigger ? first : second, "small", bigger ? second : first,
                            "true word", bigger ? "bigger" : "smaller"));
                }
            }
        }
        return rows;
    }

    static List<Map<String, String>> sizeGuesses() {
        Random random = new Random(8);
        List<Map<String, String>> rows = sizes();
        for (Map<String, String> row : rows) {
            String word = Topic.pick(List.of("bigger", "smaller"), random);
            row.put("word", word);
            row.put("verdict", word.equals(row.get("true word")) ? "yes" : "no");
        }
        return rows;
    }

    static List<Map<String, String>> properties() {
        List<Map<String, String>> rows = new ArrayList<>();
        Random random = new Random(9);
        for (Map<String, String> thing : Lines.table("tables/properties.txt")) {
            for (boolean right : List.of(true, false)) {
                Map<String, String> row = new LinkedHashMap<>(thing);
                either(row, thing.get("is"), thing.get("is not"), random);
                row.put("guess", right ? thing.get("is") : thing.get("is not"));
                row.put("verdict", right ? "yes" : "no");
                rows.add(row);
            }
        }
        return rows;
    }

    /** Animals by their sound, those with the same sound together. */
    static List<Map<String, String>> sounds() {
        return grouped("sound", "animals", false);
    }

    /** Young animals and the animals that have them. */
    static List<Map<String, String>> babies() {
        return grouped("baby", "parents", true);
    }

    private static List<Map<String, String>> grouped(String column, String all, boolean plural) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        Lines.table("tables/animals.txt").stream().filter(row -> row.containsKey(column)).forEach(
                row -> groups.computeIfAbsent(row.get(column), key -> new ArrayList<>()).add(row.get("animal")));
        List<Map<String, String>> rows = new ArrayList<>();
        groups.forEach((value, animals) -> animals.stream().limit(2).forEach(animal -> rows.add(Tables.row(column,
                value, "animal", animal, all, String.join(" / ", animals), "babies",
                plural ? Tables.plural(value) : value))));
        return rows;
    }

    /** Every wording of a question as a row. */
    static List<Map<String, String>> general() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (Map<String, String> row : Lines.table("tables/general.txt")) {
            for (String asked : row.get("asked").split(" // ")) {
                rows.add(Tables.row("asked", asked, "answers", row.get("answers"), "sentence", row.get("sentence")));
            }
        }
        return rows;
    }

    /** Rows of a table with the plural of a column. */
    static List<Map<String, String>> withPlural(String table, String column) {
        List<Map<String, String>> rows = Lines.table("tables/" + table + ".txt");
        rows.forEach(row -> row.put(column + "s", Tables.plural(row.get(column))));
        return rows;
    }
}
