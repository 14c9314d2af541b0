package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * Sentence with slots and alternatives: {@code {thing}} is the value of a slot, {@code {Thing}} the same with a
 * capital, {@code {a thing}} the same after its article, and {@code [one|two|]} one of three choices, the last of them
 * empty.
 */
final class Form {
    private sealed interface Part {
        void append(StringBuilder text, UnaryOperator<String> slots, RandomGenerator random);
    }

    private record Literal(String text) implements Part {
        @Override
        public void append(StringBuilder into, UnaryOperator<String> slots, RandomGenerator random) {
            into.append(text);
        }
    }

    private record Slot(String name) implements Part {
        @Override
        public void append(StringBuilder into, UnaryOperator<String> slots, RandomGenerator random) {
            into.append(value(name, slots));
        }
    }

    private record Choice(List<List<Part>> alternatives) implements Part {
        @Override
        public void append(StringBuilder into, UnaryOperator<String> slots, RandomGenerator random) {
            for (Part part : alternatives.get(random.nextInt(alternatives.size()))) {
                part.append(into, slots, random);
            }
        }
    }

    private final String source;
    private final List<Part> parts;
    private int at;

    private Form(String source) {
        this.source = source;
        parts = sequence();
        if (at < source.length()) {
            throw new IllegalArgumentException("unexpected '" + source.charAt(at) + "' at " + at + ": " + source);
        }
    }

    static Form of(String source) {
        return new Form(source);
    }

    /** Returns the line that the form was read from, which identifies it. */
    String source() {
        return source;
    }

    /**
     * Returns the sentence.
     *
     * @throws IllegalArgumentException if a slot has no value
     */
    String fill(Map<String, String> slots, RandomGenerator random) {
        return fill(slots::get, random);
    }

    /** Returns the sentence, with values from a function that returns null where it has none. */
    String fill(UnaryOperator<String> slots, RandomGenerator random) {
        StringBuilder text = new StringBuilder();
        try {
            parts.forEach(part -> part.append(text, slots, random));
        } catch (IllegalArgumentException missing) {
            throw new IllegalArgumentException(missing.getMessage() + ": " + source, missing);
        }
        return text.toString();
    }

    private static String value(String name, UnaryOperator<String> slots) {
        String value = slots.apply(name);
        if (value != null) {
            return value;
        }
        if (name.endsWith(" cap")) {
            return English.capital(value(name.substring(0, name.length() - 4), slots));
        }
        if (name.startsWith("a ")) {
            return English.withArticle(value(name.substring(2), slots));
        }
        if (Character.isUpperCase(name.charAt(0))) {
            return English.capital(value(Character.toLowerCase(name.charAt(0)) + name.substring(1), slots));
        }
        throw new IllegalArgumentException("no value of {" + name + "}");
    }

    private List<Part> sequence() {
        List<Part> sequence = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        while (at < source.length() && source.charAt(at) != '|' && source.charAt(at) != ']') {
            char next = source.charAt(at++);
            if (next == '{' || next == '[') {
                sequence.add(new Literal(literal.toString()));
                literal.setLength(0);
                sequence.add(next == '{' ? slot() : choice());
            } else {
                literal.append(next);
            }
        }
        sequence.add(new Literal(literal.toString()));
        return sequence;
    }

    private Part slot() {
        int end = source.indexOf('}', at);
        if (end <= at) {
            throw new IllegalArgumentException("a slot without a name or an end: " + source);
        }
        String name = source.substring(at, end);
        at = end + 1;
        return new Slot(name);
    }

    private Part choice() {
        List<List<Part>> alternatives = new ArrayList<>();
        do {
            alternatives.add(sequence());
            if (at == source.length()) {
                throw new IllegalArgumentException("expected ']' at the end: " + source);
            }
        } while (source.charAt(at++) == '|');
        return new Choice(alternatives);
    }
}
