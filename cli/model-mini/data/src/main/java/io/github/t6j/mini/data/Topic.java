package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Questions of one meaning about the rows of a table. A file has the forms, one per line, after a letter: Q questions,
 * U questions for training only, since another form or a fact has nearly the same words, E questions that follow
 * another of the topic ("And a lemon?"), A answers, S answers in one word, F facts. Lines before them name the kind,
 * the table, the columns that a row must have, the thing, and how answers are checked. A line {@code frequency 3} makes
 * the generator ask the topic three times as often.
 */
final class Topic {
    private final String name;
    private final String kind;
    private final String check;
    private final Form thing;
    private final List<Form> accept;
    private final int frequency;
    private final boolean rejectsOthers;
    private final List<Map<String, String>> rows;
    private final List<Form> questions; // Q and U
    private final List<Form> tested; // Q
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
        frequency = lines.stream().filter(line -> line.startsWith("frequency ")).findFirst()
                .map(line -> Integer.parseInt(line.substring(10))).orElse(1);
        rejectsOthers = lines.contains("reject others");
        List<String> needs = lines.stream().filter(line -> line.startsWith("needs ")).map(line -> line.substring(6))
                .toList();
        rows = Tables.of(field(lines, "table")).stream().filter(row -> row.keySet().containsAll(needs)).toList();
        tested = forms(lines, "Q ");
        questions = new ArrayList<>(tested);
        questions.addAll(forms(lines, "U "));
        follows = forms(lines, "E ");
        answers = forms(lines, "A ");
        shorts = forms(lines, "S ");
        facts = forms(lines, "F ");
        rows.forEach(row -> allAccepted.addAll(accepted(row)));
    }

    static Topic of(String name) {
        return new Topic(name, Lines.of("topics/" + name + ".txt"));
    }

    private static String field(List<String> lines, String name) {
        return lines.stream().filter(line -> line.startsWith(name + " ")).findFirst()
                .orElseThrow(() -> new IllegalStateException("expected a line '" + name + " …', found none: " + lines))
                .substring(name.length() + 1);
    }

    private static List<Form> forms(List<String> lines, String letter) {
        return lines.stream().filter(line -> line.startsWith(letter))
                .map(line -> Form.of(line.substring(letter.length())))
                .toList();
    }

    private List<String> accepted(Map<String, String> row) {
        List<String> accepted = new ArrayList<>();
        for (Form form : accept) {
            accepted.addAll(List.of(form.fill(row, new Random(0)).split(" / ")));
        }
        return accepted;
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

    List<Map<String, String>> rows() {
        return rows;
    }

    List<Form> questions() {
        return questions;
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

    /** Returns an exchange for training: no held-out pair. */
    Exchange training(RandomGenerator random) {
        return training(questions, answers, random);
    }

    /** Returns an exchange whose question makes sense only after another of the topic. */
    Exchange following(RandomGenerator random) {
        return training(follows, answers, random);
    }

    private Exchange training(List<Form> questions, List<Form> answers, RandomGenerator random) {
        while (true) {
            Map<String, String> row = pick(rows, random);
            Form question = pick(questions, random);
            if (!tested.contains(question) || !Split.isHeldOut(question.source(), thing(row))) {
                return exchange(question, row, pick(answers, random), random);
            }
        }
    }

    /** Returns a question for training with an answer in one word. */
    Exchange shortTraining(RandomGenerator random) {
        return training(questions, shorts, random);
    }

    /** Returns one exchange of each held-out pair whose answers can be checked. */
    List<Exchange> heldOut(RandomGenerator random) {
        List<Exchange> heldOut = new ArrayList<>();
        for (Map<String, String> row : rows) {
            for (Form question : tested) {
                if (Split.isHeldOut(question.source(), thing(row))) {
                    Exchange exchange = exchange(question, row, pick(answers, random), random);
                    if (exchange.isTestable()) {
                        heldOut.add(exchange);
                    }
                }
            }
        }
        return heldOut;
    }

    /** Returns a sentence that states what a row says. */
    String fact(Map<String, String> row, RandomGenerator random) {
        return pick(facts, random).fill(row, random);
    }

    private Exchange exchange(Form question, Map<String, String> row, Form answer, RandomGenerator random) {
        String asked = question.fill(row, random);
        return new Exchange(kind, name, question.source(), thing(row), asked, answer.fill(row, random),
                check(asked, row, random));
    }

    private Check check(String question, Map<String, String> row, RandomGenerator random) {
        List<String> accepted = accepted(row);
        return switch (check) {
            case "words" -> Check.words(accepted, rejectsOthers ? others(thing(row), accepted) : List.of());
            case "yes-no" -> Check.words(accepted, accepted.contains("yes") ? List.of("no") : List.of("yes"));
            case "numbers" -> Check.numbers(accepted, question);
            case "exact" -> Check.exact(answers.stream().map(form -> form.fill(row, random)).toList());
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
