package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * Questions of one meaning about the rows of a table. A file has the forms, one per line, after a letter: Q questions,
 * N noun phrases and W clauses that {@link Frames} turn into questions, H wordings that are held out, E questions that
 * follow another of the topic ("And a lemon?"), A answers, S answers in one word, F facts. Lines before them name the
 * kind, the table, the columns that a row must have, the thing, and how answers are checked.
 *
 * <p>One thing in eight is held out ({@code split NAME}: topics of the same name hold out the same). Training states
 * the facts of such things but never asks about them; with {@code things nowhere} it does not state them either. Topics
 * with {@code things all} have none, those with {@code unseen TABLE} have them in another table.
 */
final class Topic {
    private final String name;
    private final String kind;
    private final String check;
    private final Form thing;
    private final List<Form> accept;
    private final List<Form> reject;
    private final int frequency;
    private final boolean rejectsOthers;
    private final boolean keepsCase;
    private final String split;
    private final List<Map<String, String>> trained;
    private final List<Map<String, String>> heldOut;
    private final List<Map<String, String>> stated;
    private final List<Map<String, String>> onlyStated; // rows that training states and does not ask about
    private final List<Form> questions;
    private final List<Form> heldOutQuestions;
    private final List<Form> follows;
    private final List<Form> answers;
    private final List<Form> shorts;
    private final List<Form> facts;
    private final Set<String> allAccepted = new LinkedHashSet<>();

    private Topic(String name, List<String> lines) {
        this.name = name;
        kind = field(lines, "kind");
        check = field(lines, "check");
        thing = Form.of(field(lines, "thing"));
        accept = forms(lines, "accept ");
        reject = forms(lines, "reject ").stream().filter(form -> !form.source().equals("others")).toList();
        frequency = Integer.parseInt(optional(lines, "frequency", "1"));
        rejectsOthers = lines.contains("reject others");
        keepsCase = lines.contains("keep case");
        List<Map<String, String>> rows = rows(lines, field(lines, "table"));
        String unseen = optional(lines, "unseen", "");
        split = optional(lines, "split", name);
        boolean all = lines.contains("things all") || !unseen.isEmpty();
        trained = rows.stream().filter(row -> all || trains(row)).toList();
        heldOut = unseen.isEmpty()
                ? rows.stream().filter(row -> !trained.contains(row)).toList()
                : rows(lines, unseen);
        stated = lines.contains("things nowhere") ? trained : rows;
        onlyStated = stated.stream().filter(heldOut::contains).toList();
        questions = Frames.trained(lines);
        heldOutQuestions = Frames.heldOut(lines);
        follows = forms(lines, "E ");
        answers = forms(lines, "A ");
        shorts = forms(lines, "S ");
        facts = forms(lines, "F ");
        rows.forEach(row -> allAccepted.addAll(filled(accept, row)));
    }

    static Topic of(String name) {
        return new Topic(name, Lines.of("topics/" + name + ".txt"));
    }

    private static List<Map<String, String>> rows(List<String> lines, String table) {
        List<String> needs = lines.stream().filter(line -> line.startsWith("needs ")).map(line -> line.substring(6))
                .toList();
        return Tables.of(table).stream().filter(row -> row.keySet().containsAll(needs)).toList();
    }

    private static String field(List<String> lines, String name) {
        String value = optional(lines, name, "");
        if (value.isEmpty()) {
            throw new IllegalStateException("expected a line '" + name + " …', found none: " + lines);
        }
        return value;
    }

    private static String optional(List<String> lines, String name, String otherwise) {
        return lines.stream().filter(line -> line.startsWith(name + " ")).findFirst()
                .map(line -> line.substring(name.length() + 1)).orElse(otherwise);
    }

    private static List<Form> forms(List<String> lines, String letter) {
        return lines.stream().filter(line -> line.startsWith(letter))
                .map(line -> Form.of(line.substring(letter.length())))
                .toList();
    }

    private static List<String> filled(List<Form> forms, Map<String, String> row) {
        List<String> filled = new ArrayList<>();
        for (Form form : forms) {
            filled.addAll(List.of(form.fill(row, new Random(0)).split(" / ")));
        }
        return filled;
    }

    String name() {
        return name;
    }

    String kind() {
        return kind;
    }

    /** Returns the factor by which the topic is chosen more often than others with as many rows. */
    int frequency() {
        return frequency;
    }

    /** Returns the rows that training asks about. */
    List<Map<String, String>> trained() {
        return trained;
    }

    /** Returns the rows that training does not ask about. */
    List<Map<String, String>> heldOut() {
        return heldOut;
    }

    /** Returns whether training may ask about a row, also one of no table, by its hash. */
    boolean trains(Map<String, String> row) {
        return !Split.isHeldOut(split, thing(row));
    }

    List<Form> questions() {
        return questions;
    }

    List<Form> heldOutQuestions() {
        return heldOutQuestions;
    }

    List<Form> answers() {
        return answers;
    }

    boolean hasFollows() {
        return !follows.isEmpty();
    }

    boolean hasShorts() {
        return !shorts.isEmpty();
    }

    boolean hasFacts() {
        return !facts.isEmpty();
    }

    String thing(Map<String, String> row) {
        return thing.fill(row, new Random(0));
    }

    /** Returns an exchange for training, its question as a user may type it. */
    Exchange training(RandomGenerator random) {
        return exchange(pick(questions, random), pick(trained, random), pick(answers, random), true, random);
    }

    /** Returns an exchange whose question makes sense only after another of the topic. */
    Exchange following(RandomGenerator random) {
        return exchange(pick(follows, random), pick(trained, random), pick(answers, random), true, random);
    }

    /** Returns a question for training with an answer in one word. */
    Exchange shortTraining(RandomGenerator random) {
        return exchange(pick(questions, random), pick(trained, random), pick(shorts, random), false, random);
    }

    /** Returns a known thing in a wording that training never uses. */
    Exchange heldOutWording(RandomGenerator random) {
        return exchange(pick(heldOutQuestions, random), pick(trained, random), pick(answers, random), false, random);
    }

    /** Returns a known wording about a thing that training never asks about. */
    Exchange heldOutThing(RandomGenerator random) {
        return exchange(pick(questions, random), pick(heldOut, random), pick(answers, random), false, random);
    }

    /** Returns whether training states things that it does not ask about. */
    boolean hasOnlyStated() {
        return hasFacts() && !onlyStated.isEmpty();
    }

    /**
     * Returns a sentence that states what a row says: half of the time a row that training does not ask about, if there
     * is one. Such a row is learned from its statements alone, and needs more of them.
     */
    String fact(RandomGenerator random) {
        boolean unasked = !onlyStated.isEmpty() && random.nextBoolean();
        return pick(facts, random).fill(pick(unasked ? onlyStated : stated, random), random);
    }

    private Exchange exchange(Form question, Map<String, String> row, Form answer, boolean typed,
            RandomGenerator random) {
        UnaryOperator<String> slots = row::get;
        if (keepsCase) {
            slots = slot -> row.containsKey(slot) ? Typing.kept(row.get(slot)) : null;
        }
        String asked = question.fill(slots, random);
        asked = typed ? Typing.typed(asked, random) : Typing.plain(asked);
        return new Exchange(kind, name, question.source(), thing(row), asked, answer.fill(row, random),
                check(asked, row, random));
    }

    private Check check(String question, Map<String, String> row, RandomGenerator random) {
        List<String> accepted = filled(accept, row);
        List<String> rejected = filled(reject, row);
        return switch (check) {
            case "words" -> Check.words(accepted, rejectsOthers ? others(thing(row), accepted) : rejected);
            case "yes-no" -> Check.words(accepted, accepted.contains("yes") ? List.of("no") : List.of("yes"));
            case "numbers" -> Check.numbers(accepted, question);
            case "exact" -> Check.exact(answers.stream().map(form -> form.fill(row, random)).toList());
            case "ends" -> Check.ends(accepted);
            case "list" -> Check.list(Integer.parseInt(row.get("count")), List.of(row.get("members").split("; ")));
            default -> throw new IllegalStateException(name + ": unknown check " + check);
        };
    }

    /** Accepted phrases of other rows; words of the thing may be repeated. */
    private List<String> others(String thing, List<String> accepted) {
        String known = " " + English.words(thing + " " + String.join(" ", accepted)) + " ";
        return allAccepted.stream().filter(phrase -> !known.contains(" " + English.words(phrase) + " ")).toList();
    }

    static <T> T pick(List<T> list, RandomGenerator random) {
        return list.get(random.nextInt(list.size()));
    }
}
