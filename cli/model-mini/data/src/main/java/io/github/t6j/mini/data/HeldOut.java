package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Held-out questions: of each kind the same number, all different. */
final class HeldOut {
    private static final int MAX_BETWEEN = 3;

    private final Topics topics;
    private final Random random;
    private final int count;

    HeldOut(Topics topics, int count, Random random) {
        this.topics = topics;
        this.count = count;
        this.random = random;
    }

    /** Returns the lines of a file for each kind. */
    Map<String, List<String>> lines() {
        Map<String, List<String>> files = new LinkedHashMap<>();
        for (String kind : topics.kinds()) {
            files.put(kind, kind.equals("instructions") ? lines(instructions()) : lines(exchanges(kind)));
        }
        files.put("memory", memory());
        Set<String> stories = new LinkedHashSet<>();
        for (int tries = 0; stories.size() < count && tries < 100 * count; tries++) {
            stories.add(StoryTalk.heldOut(random));
        }
        files.put("stories", List.copyOf(stories));
        return files;
    }

    /** Returns one exchange of each pair first; if there are too few, the same again with words before the question. */
    List<Exchange> exchanges(String kind) {
        List<Exchange> pairs = new ArrayList<>();
        topics.all().stream().filter(topic -> topic.kind().equals(kind))
                .forEach(topic -> pairs.addAll(topic.heldOut(random)));
        return extended(pairs);
    }

    private List<Exchange> instructions() {
        List<Exchange> all = new ArrayList<>();
        for (Topic topic : topics.all()) {
            if (topic.kind().equals("instructions")) {
                List<Exchange> extended = extended(topic.heldOut(random));
                all.addAll(extended.subList(0, Math.min(extended.size(), count / 5)));
            }
        }
        Set<Exchange> oneWord = new LinkedHashSet<>();
        for (int tries = 0; all.size() + oneWord.size() < count && tries < 100 * count; tries++) {
            oneWord.add(OneWord.heldOut(topics, random));
        }
        all.addAll(oneWord);
        return all;
    }

    private List<Exchange> extended(List<Exchange> pairs) {
        List<Exchange> shuffled = new ArrayList<>(pairs);
        Collections.shuffle(shuffled, random);
        Map<String, Exchange> different = new LinkedHashMap<>();
        shuffled.forEach(exchange -> different.putIfAbsent(exchange.question(), exchange));
        for (int tries = 0; different.size() < count && tries < 50 * count; tries++) {
            Exchange opened = Conversations.opened(Topic.pick(shuffled, random), random);
            different.putIfAbsent(opened.question(), opened);
        }
        return different.values().stream().limit(count).toList();
    }

    private List<String> memory() {
        Map<String, String> lines = new LinkedHashMap<>();
        for (int tries = 0; lines.size() < count && tries < 100 * count; tries++) {
            List<Exchange> between = new ArrayList<>();
            for (int i = random.nextInt(MAX_BETWEEN + 1); i > 0; i--) {
                between.add(topics.any(random).training(random));
            }
            Memory.Recalled recalled = Memory.recalled(true, between, random);
            boolean mentioned =
                    between.stream().anyMatch(exchange -> recalled.exchange().check().accepts(exchange.answer()));
            if (!mentioned) {
                lines.putIfAbsent(recalled.before() + recalled.exchange().question(),
                        recalled.exchange().heldOut(recalled.before()));
            }
        }
        return List.copyOf(lines.values());
    }

    private static List<String> lines(List<Exchange> exchanges) {
        return exchanges.stream().map(exchange -> exchange.heldOut(List.of())).toList();
    }
}
