package io.github.t6j.mini.data;

import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Greetings, thanks, and questions about the model itself, which it answers honestly. */
final class SmallTalk {
    private static final Map<String, List<String>> ALL = Lines.sections("talk/smalltalk.txt");
    private static final List<String> NAMES = List.copyOf(ALL.keySet());

    private SmallTalk() {}

    static List<Turn> any(RandomGenerator random) {
        return of(Topic.pick(NAMES, random), random);
    }

    static List<Turn> of(String name, RandomGenerator random) {
        return List.of(Turn.user(pick(name, "Q ", random)), Turn.assistant(pick(name, "A ", random)));
    }

    private static String pick(String name, String letter, RandomGenerator random) {
        return Topic.pick(ALL.get(name).stream().filter(line -> line.startsWith(letter)).toList(), random).substring(2);
    }
}
