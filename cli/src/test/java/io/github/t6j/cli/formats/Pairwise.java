package io.github.t6j.cli.formats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Creates rows of settings in which every two values of different parameters meet, if they may. The algorithm is
 * greedy: each row begins with a pair that has not met; each other parameter takes the value that completes the most
 * new pairs.
 */
public final class Pairwise {
    private static final int CANDIDATES = 8;

    /** Rule for two values in one row. Values of which any two may meet must be extensible to a whole row. */
    @FunctionalInterface
    public interface Meeting {
        /** Returns true if values of two parameters may be in one row; the order does not matter. */
        boolean allows(Object one, Object other);
    }

    /** Value number {@code value} of parameter number {@code parameter}. */
    private record Choice(int parameter, int value) {}

    private final List<List<Object>> parameters;
    private final Meeting meeting;
    private final Random random;
    private final boolean[][] open; // true for two values that may meet and have not

    private Pairwise(List<List<Object>> parameters, Meeting meeting, long seed) {
        this.parameters = parameters;
        this.meeting = meeting;
        random = new Random(seed);
        int values = parameters.stream().mapToInt(List::size).sum();
        open = new boolean[values][values];
        for (Choice one : choices()) {
            for (Choice other : choices()) {
                open[number(one)][number(other)] = one.parameter != other.parameter && allows(one, other);
            }
        }
    }

    /** Returns rows with a value of each parameter; the same seed gives the same rows. */
    public static List<List<Object>> rows(List<List<Object>> parameters, Meeting meeting, long seed) {
        return new Pairwise(parameters, meeting, seed).rows();
    }

    private List<List<Object>> rows() {
        List<List<Object>> rows = new ArrayList<>();
        for (List<List<Choice>> pairs = openPairs(); !pairs.isEmpty(); pairs = openPairs()) {
            List<List<Choice>> left = pairs;
            List<Choice> row = Stream.generate(() -> complete(left.get(random.nextInt(left.size()))))
                    .limit(CANDIDATES)
                    .max(Comparator.comparingInt(this::firstMeetings))
                    .orElseThrow();
            row.forEach(one -> row.forEach(other -> open[number(one)][number(other)] = false));
            rows.add(row.stream().map(this::value).toList());
        }
        return rows;
    }

    private List<List<Choice>> openPairs() {
        List<List<Choice>> pairs = new ArrayList<>();
        for (Choice one : choices()) {
            for (Choice other : choices()) {
                if (one.parameter < other.parameter && open[number(one)][number(other)]) {
                    pairs.add(List.of(one, other));
                }
            }
        }
        return pairs;
    }

    /** Adds a value of every other parameter, in random order. */
    private List<Choice> complete(List<Choice> pair) {
        Choice[] row = new Choice[parameters.size()];
        pair.forEach(choice -> row[choice.parameter] = choice);
        List<Integer> order = new ArrayList<>(IntStream.range(0, row.length).boxed().toList());
        Collections.shuffle(order, random);
        for (int parameter : order) {
            if (row[parameter] == null) {
                row[parameter] = best(parameter, Arrays.stream(row).filter(choice -> choice != null).toList());
            }
        }
        return List.of(row);
    }

    private Choice best(int parameter, List<Choice> others) {
        List<Choice> values = new ArrayList<>(choices(parameter).toList());
        Collections.shuffle(values, random);
        return values.stream()
                .filter(value -> others.stream().allMatch(other -> allows(value, other)))
                .max(Comparator.comparingLong(value -> others.stream().filter(other -> isOpen(value, other)).count()))
                .orElseThrow(() -> new IllegalStateException("no value goes with " + others.stream().map(this::value)
                        .toList()));
    }

    private int firstMeetings(List<Choice> row) {
        return (int) row.stream().mapToLong(one -> row.stream().filter(other -> isOpen(one, other)).count()).sum();
    }

    private List<Choice> choices() {
        return IntStream.range(0, parameters.size()).boxed().flatMap(this::choices).toList();
    }

    private Stream<Choice> choices(int parameter) {
        return IntStream.range(0, parameters.get(parameter).size()).mapToObj(value -> new Choice(parameter, value));
    }

    private int number(Choice choice) {
        return parameters.subList(0, choice.parameter).stream().mapToInt(List::size).sum() + choice.value;
    }

    private Object value(Choice choice) {
        return parameters.get(choice.parameter).get(choice.value);
    }

    private boolean allows(Choice one, Choice other) {
        return meeting.allows(value(one), value(other));
    }

    private boolean isOpen(Choice one, Choice other) {
        return open[number(one)][number(other)];
    }
}
