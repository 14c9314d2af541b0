package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * All topics. A topic with more rows is chosen more often, but not in proportion: few things need fewer questions.
 * Topics that a small model learns last, such as spelling and sums, have a frequency above 1.
 */
final class Topics {
    private static final double POWER = 0.6;
    private static final int MANY = 300;

    private final List<Topic> all = Lines.of("topics/topics.txt").stream().map(Topic::of).toList();
    private final List<Topic> withShorts = all.stream().filter(Topic::hasShorts).toList();
    private final List<Topic> withFacts = all.stream().filter(Topic::hasFacts).toList();

    private final List<Topic> withOnlyStated = all.stream().filter(Topic::hasOnlyStated).toList();

    List<Topic> all() {
        return all;
    }

    Topic any(RandomGenerator random) {
        return any(all, random);
    }

    Topic withShorts(RandomGenerator random) {
        return any(withShorts, random);
    }

    Topic withFacts(RandomGenerator random) {
        return any(withFacts, random);
    }

    /** Returns a topic that states things which training does not ask about. */
    Topic withOnlyStated(RandomGenerator random) {
        return any(withOnlyStated, random);
    }

    /** Kinds of questions in the order of their first topic. */
    List<String> kinds() {
        return all.stream().map(Topic::kind).distinct().toList();
    }

    private static Topic any(List<Topic> topics, RandomGenerator random) {
        List<Double> sums = new ArrayList<>();
        double sum = 0;
        for (Topic topic : topics) {
            sum += topic.frequency() * Math.pow(Math.min(topic.trained().size(), MANY), POWER);
            sums.add(sum);
        }
        double chosen = random.nextDouble() * sum;
        int at = 0;
        while (sums.get(at) < chosen) {
            at++;
        }
        return topics.get(at);
    }
}
