package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** Conversations in which the user says something about themselves, and asks about it some turns later. */
final class Memory {
    /** Attribute of a user, as its name, with the forms and the values. */
    private record Attribute(String name, List<Form> tells, List<Form> replies, List<Form> asks, List<Form> answers,
            List<Map<String, String>> values) {}

    private static final List<Attribute> ALL = Lines.sections("talk/memory.txt").entrySet().stream()
            .map(section -> new Attribute(section.getKey(), forms(section.getValue(), "T "),
                    forms(section.getValue(), "R "), forms(section.getValue(), "Q "), forms(section.getValue(), "A "),
                    values(section.getKey())))
            .toList();

    private Memory() {}

    private static List<Form> forms(List<String> lines, String letter) {
        return lines.stream().filter(line -> line.startsWith(letter))
                .map(line -> Form.of(line.substring(letter.length())))
                .toList();
    }

    private static List<Map<String, String>> values(String attribute) {
        return switch (attribute) {
            case "name" -> Person.all().stream().map(person -> Map.of("value", person.name())).toList();
            case "colour" -> Lines.sections("tables/classes.txt").get("colours|a colour").stream()
                    .map(color -> Map.of("value", color)).toList();
            case "pet" -> Lines.table("tables/pets.txt");
            case "food" -> Lines.table("tables/foods.txt");
            case "age" -> IntStream.rangeClosed(5, 60).mapToObj(age -> Map.of("value", "" + age)).toList();
            default -> throw new IllegalStateException("talk/memory.txt: no values of " + attribute);
        };
    }

    /** Last exchange of a conversation, and the messages before it. */
    record Recalled(List<Turn> before, Exchange exchange) {}

    /**
     * Returns a conversation.
     *
     * @param heldOut true for a pair of question and value that no training conversation has
     * @param between exchanges between telling and asking
     */
    static Recalled recalled(boolean heldOut, List<Exchange> between, RandomGenerator random) {
        while (true) {
            Attribute attribute = Topic.pick(ALL, random);
            Map<String, String> value = new LinkedHashMap<>(Topic.pick(attribute.values(), random));
            Form ask = Topic.pick(attribute.asks(), random);
            if (Split.isHeldOut(ask.source(), value.get("value")) == heldOut) {
                List<Turn> before = new ArrayList<>();
                before.add(Turn.user(Topic.pick(attribute.tells(), random).fill(value, random)));
                before.add(Turn.assistant(Topic.pick(attribute.replies(), random).fill(value, random)));
                for (Exchange exchange : between) {
                    before.add(Turn.user(exchange.question()));
                    before.add(Turn.assistant(exchange.answer()));
                }
                return new Recalled(before, new Exchange("memory", attribute.name(), ask.source(), value.get("value"),
                        ask.fill(value, random), Topic.pick(attribute.answers(), random).fill(value, random),
                        Check.words(List.of(value.get("value")), List.of())));
            }
        }
    }
}
