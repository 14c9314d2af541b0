package io.github.t6j.mini.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Fact that the user tells about themselves and asks for some turns later, such as their name: the answer copies it
 * from the conversation.
 *
 * @param attribute what the fact is about
 * @param slots its value, and what else the sentences mention
 */
record Memory(Attribute attribute, Map<String, String> slots) {
    /** Forms of an attribute: the user tells, the model replies, the user asks, the model answers. */
    record Attribute(String name, List<Form> tells, List<Form> replies, List<Form> asks, List<Form> heldOutAsks,
            List<Form> answers, List<Form> untold) {
        private static Attribute of(String name, List<String> lines) {
            return new Attribute(name, forms(lines, "T "), forms(lines, "R "), forms(lines, "Q "), forms(lines, "H "),
                    forms(lines, "A "), forms(lines, "U "));
        }

        private static List<Form> forms(List<String> lines, String letter) {
            return Frames.after(lines, letter).stream().map(Form::of).toList();
        }
    }

    private static final List<Attribute> ALL = Lines.sections("talk/memory.txt").entrySet().stream()
            .map(section -> Attribute.of(section.getKey(), section.getValue())).toList();
    private static final Map<String, List<String>> LOST = Lines.sections("tables/lost.txt");
    private static final List<String> TOWNS = Lines.of("tables/towns.txt");
    private static final List<String> RELATIONS = Lines.of("tables/relations.txt");
    private static final List<String> HOBBIES = Lines.of("tables/hobbies.txt");
    private static final List<String> COLOURS = Lines.sections("tables/classes.txt").get("colours|a colour");
    private static final List<String> MONTHS = column("months", "month");
    private static final List<String> JOBS = column("jobs", "job");
    private static final List<String> FOODS = column("foods", "value");
    private static final List<String> PETS = column("pets", "pet").stream().distinct().toList();
    private static final List<String> PET_NAMES = column("pets", "value");
    private static final List<String> ANIMALS = column("animals", "animal");
    private static final double MADE_UP = 0.6;
    private static final double MADE_UP_NOUN = 0.3; // else a model learns the few nouns by heart, and copies no others
    private static final int DRAWN = 1000;

    private static List<String> column(String table, String name) {
        return Lines.table("tables/" + table + ".txt").stream().map(row -> row.get(name)).toList();
    }

    /** Returns the names of all attributes. */
    static List<String> attributes() {
        return ALL.stream().map(Attribute::name).toList();
    }

    /** Returns the names of attributes with values that no conversation for training has. */
    static List<String> dividedAttributes() {
        return attributes().stream().filter(Memory::isDivided).toList();
    }

    private static boolean isDivided(String attribute) {
        Random random = new Random(1);
        return isCopied(attribute) || IntStream.range(0, DRAWN).anyMatch(draw -> {
            Map<String, String> slots = new HashMap<>();
            fill(slots, attribute, true, random);
            return isHeldOut(attribute, slots);
        });
    }

    private static boolean isHeldOut(String attribute, Map<String, String> slots) {
        return Split.isHeldOut("memory " + attribute, slots.get("value"));
    }

    /** Returns a fact for training. */
    static Memory training(String attribute, RandomGenerator random) {
        return of(attribute, false, random);
    }

    /** Returns a fact whose value no conversation for training has. */
    static Memory heldOut(String attribute, RandomGenerator random) {
        return of(attribute, true, random);
    }

    private static Memory of(String name, boolean heldOut, RandomGenerator random) {
        Attribute attribute = ALL.stream().filter(any -> any.name().equals(name)).findFirst().orElseThrow();
        Map<String, String> slots = new HashMap<>();
        do {
            fill(slots, name, heldOut, random);
        } while (!isCopied(name) && isHeldOut(name, slots) != heldOut);
        return new Memory(attribute, slots);
    }

    private static boolean isCopied(String attribute) {
        return List.of("name", "pet", "person", "place").contains(attribute);
    }

    private static void fill(Map<String, String> slots, String attribute, boolean heldOut, RandomGenerator random) {
        slots.put("value", switch (attribute) {
            case "name", "person" -> heldOut ? Topic.pick(Names.unseen(), random) : name(random);
            case "pet" -> heldOut
                    ? Topic.pick(Names.unseen(), random)
                    : random.nextDouble() < MADE_UP
                            ? Names.madeUp(random)
                            : Topic.pick(PET_NAMES, random);
            case "place" -> heldOut
                    ? Topic.pick(Names.unseen(), random) + Topic.pick(List.of("ville", "burg", "ton", "stad"), random)
                    : random.nextDouble() < MADE_UP ? Names.madeUp(random) : Topic.pick(TOWNS, random);
            case "colour" -> Topic.pick(COLOURS, random);
            case "which pet" -> noun(PETS, heldOut, random);
            case "food" -> noun(FOODS, heldOut, random);
            case "age" -> "" + (5 + random.nextInt(80));
            case "number" -> "" + (2 + random.nextInt(98));
            case "job" -> noun(JOBS, heldOut, random);
            case "hobby" -> Topic.pick(HOBBIES, random);
            case "lost" -> Topic.pick(LOST.get("places"), random);
            case "birthday" -> Topic.pick(MONTHS, random);
            case "animal" -> noun(ANIMALS, heldOut, random);
            default -> throw new IllegalStateException("talk/memory.txt: no values of " + attribute);
        });
        slots.put("values", Tables.plural(slots.get("value")));
        slots.put("pet", Topic.pick(PETS, random));
        slots.put("relation", Topic.pick(RELATIONS, random));
        slots.put("thing", Topic.pick(LOST.get("things"), random));
    }

    private static String noun(List<String> known, boolean heldOut, RandomGenerator random) {
        return !heldOut && random.nextDouble() < MADE_UP_NOUN ? Pieces.word(random) : Topic.pick(known, random);
    }

    private static String name(RandomGenerator random) {
        return random.nextDouble() < MADE_UP ? Names.madeUp(random) : Topic.pick(Person.all(), random).name();
    }

    /** Returns what identifies the fact in a conversation, which has no two facts about the same. */
    String subject() {
        return switch (attribute.name()) {
            case "pet" -> slots.get("pet");
            case "person" -> slots.get("relation");
            case "lost" -> slots.get("thing");
            default -> attribute.name();
        };
    }

    String value() {
        return slots.get("value");
    }

    /** Returns the user's message and the reply to it. */
    Exchange told(RandomGenerator random) {
        return exchange(Topic.pick(attribute.tells(), random), Topic.pick(attribute.replies(), random), true, random);
    }

    /** Returns the question for the fact and its answer. */
    Exchange asked(RandomGenerator random) {
        return exchange(Topic.pick(attribute.asks(), random), Topic.pick(attribute.answers(), random), true, random);
    }

    /** Returns a message that tells the fact and asks for it, and the answer. */
    Exchange toldAndAsked(RandomGenerator random) {
        String told = told(random).question();
        Exchange asked = asked(random);
        boolean open = Character.isLetterOrDigit(told.charAt(told.length() - 1));
        return asked.withQuestion(told + (open ? ". " : " ") + asked.question());
    }

    /** Returns the question in a wording that training never uses. */
    Exchange askedHeldOut(RandomGenerator random) {
        return exchange(Topic.pick(attribute.heldOutAsks(), random), Topic.pick(attribute.answers(), random), false,
                random);
    }

    /** Returns the question for a fact that the user has not told, and an honest answer. */
    Exchange untold(RandomGenerator random) {
        return exchange(Topic.pick(attribute.asks(), random), Topic.pick(attribute.untold(), random), true, random);
    }

    private Exchange exchange(Form question, Form answer, boolean typed, RandomGenerator random) {
        String asked = question.fill(
                slot -> slot.equals("value") ? Typing.kept(value()) : slots.get(slot), random);
        return new Exchange("memory", attribute.name(), question.source(), value(),
                typed ? Typing.typed(asked, random) : Typing.plain(asked), answer.fill(slots, random),
                Check.words(List.of(value()), List.of()));
    }
}
