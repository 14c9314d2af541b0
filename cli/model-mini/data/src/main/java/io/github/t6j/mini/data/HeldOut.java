package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Questions that measure a model: known things in held-out wordings, held-out things in known wordings, names that no
 * training data has, stories about what is asked for, and questions after many turns.
 */
final class HeldOut {
    private static final int[] TURNS = {15, 30, 60}; // about 450, 900 and 1,700 tokens

    private final Topics topics;
    private final Random random;
    private final int count;
    private final List<String> divided = Memory.dividedAttributes();

    /**
     * Creates the questions.
     *
     * @param count questions of each kind
     */
    HeldOut(Topics topics, int count, Random random) {
        this.topics = topics;
        this.count = count;
        this.random = random;
    }

    /** Returns the lines of each file, by its name. */
    Map<String, List<String>> files() {
        Map<String, List<String>> files = new LinkedHashMap<>();
        for (String kind : topics.kinds()) {
            List<Topic> all = topics.all().stream().filter(topic -> topic.kind().equals(kind)).toList();
            files.put("wordings/" + kind, exchanges(all.stream().filter(topic -> !topic.heldOutQuestions().isEmpty())
                    .toList(), topic -> topic.heldOutWording(random)));
            List<Topic> split = all.stream().filter(topic -> !topic.heldOut().isEmpty()).toList();
            if (!split.isEmpty()) {
                files.put("things/" + kind, exchanges(split, topic -> topic.heldOutThing(random)));
            }
        }
        files.put("wordings/one word", different(() -> OneWord.heldOutWording(topics, random).heldOut(List.of())));
        files.put("wordings/memory", different(() -> memory(false, random.nextInt(4))));
        files.put("things/memory", different(() -> memory(true, random.nextInt(4))));
        files.put("names/names", Names.unseen().stream().map(this::name).toList());
        files.put("stories/wordings", different(() -> StoryTalk.heldOutWording(random)));
        files.put("stories/things", different(() -> StoryTalk.heldOutThing(random)));
        for (int turns : TURNS) {
            files.put("conversations/name after " + turns + " turns", different(() -> after(turns)));
        }
        files.put("conversations/question after " + TURNS[0] + " turns", different(this::later));
        return files;
    }

    private interface Asker {
        Exchange ask(Topic topic);
    }

    /** Returns exchanges of all topics alternately, without those for which a mere echo would count. */
    private List<String> exchanges(List<Topic> topics, Asker asker) {
        Map<String, String> lines = new LinkedHashMap<>();
        for (int tries = 0; lines.size() < count && tries < 50 * count; tries++) {
            Exchange exchange = asker.ask(topics.get(tries % topics.size()));
            if (exchange.isTestable()) {
                lines.putIfAbsent(exchange.question(), exchange.heldOut(List.of()));
            }
        }
        return List.copyOf(lines.values());
    }

    private List<String> different(Supplier<String> lines) {
        Set<String> different = new LinkedHashSet<>();
        for (int tries = 0; different.size() < count && tries < 50 * count; tries++) {
            different.add(lines.get());
        }
        return List.copyOf(different);
    }

    private String memory(boolean heldOut, int between) {
        String attribute = Topic.pick(heldOut ? divided : Memory.attributes(), random);
        Memory fact = heldOut ? Memory.heldOut(attribute, random) : Memory.training(attribute, random);
        List<Turn> before = told(fact, between);
        return (heldOut ? fact.asked(random) : fact.askedHeldOut(random)).heldOut(before);
    }

    private String name(String name) {
        Memory fact = new Memory(Memory.training("name", random).attribute(), Map.of("value", name));
        return fact.asked(random).heldOut(told(fact, random.nextInt(2)));
    }

    private String after(int turns) {
        Memory fact = Memory.heldOut("name", random);
        return fact.asked(random).heldOut(told(fact, turns - 1));
    }

    private String later() {
        Topic topic = topics.any(random);
        while (topic.heldOutQuestions().isEmpty()) {
            topic = topics.any(random);
        }
        return topic.heldOutWording(random).heldOut(told(Memory.training("name", random), TURNS[0] - 1));
    }

    /** Returns turns in which the user tells a fact, and then asks questions whose answers do not mention it. */
    private List<Turn> told(Memory fact, int between) {
        List<Turn> turns = new ArrayList<>();
        Conversations.add(turns, fact.told(random));
        String value = " " + English.words(fact.value()) + " ";
        for (int i = 0; i < between;) {
            Exchange exchange = topics.any(random).training(random);
            if (!(" " + English.words(exchange.answer()) + " ").contains(value)) {
                Conversations.add(turns, exchange);
                i++;
            }
        }
        return turns;
    }
}
