package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Endless conversations for training: questions, small talk, stories, things to remember; none has a held-out pair. */
final class Conversations {
    private static final List<String> OPENINGS = Lines.of("talk/openings.txt");
    private static final List<String> SYSTEMS = Lines.of("talk/systems.txt");
    private static final double OPENED = 0.25;
    private static final double SYSTEM = 0.12;
    private static final double GREETED = 0.15;
    private static final double THANKED = 0.15;
    private static final double FOLLOWED = 0.35;
    private static final double ONE_WORD = 0.08;

    private final Topics topics;
    private final RandomGenerator random;

    Conversations(Topics topics, RandomGenerator random) {
        this.topics = topics;
        this.random = random;
    }

    List<Turn> next() {
        List<Turn> turns = new ArrayList<>();
        if (random.nextDouble() < SYSTEM) {
            turns.add(Turn.system(Topic.pick(SYSTEMS, random)));
        }
        int kind = random.nextInt(100);
        if (kind < 62) {
            questions(turns);
        } else if (kind < 66) {
            smallTalk(turns);
        } else if (kind < 86) {
            story(turns);
        } else {
            memory(turns);
        }
        return turns;
    }

    private void questions(List<Turn> turns) {
        if (random.nextDouble() < GREETED) {
            turns.addAll(SmallTalk.of(Topic.pick(List.of("hello", "morning", "how are you"), random), random));
        }
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            if (random.nextDouble() < ONE_WORD) {
                add(turns, OneWord.training(topics, random));
                continue;
            }
            Topic topic = topics.any(random);
            add(turns, opened(topic.training(random)));
            while (topic.hasFollows() && random.nextDouble() < FOLLOWED) {
                add(turns, topic.following(random));
            }
        }
        thanks(turns);
    }

    private void smallTalk(List<Turn> turns) {
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            turns.addAll(SmallTalk.any(random));
        }
    }

    private void story(List<Turn> turns) {
        turns.addAll(StoryTalk.training(random));
        thanks(turns);
    }

    private void memory(List<Turn> turns) {
        List<Exchange> between = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            between.add(topics.any(random).training(random));
        }
        Memory.Recalled recalled = Memory.recalled(false, between, random);
        turns.addAll(recalled.before());
        add(turns, recalled.exchange());
        thanks(turns);
    }

    private void thanks(List<Turn> turns) {
        if (random.nextDouble() < THANKED) {
            turns.addAll(SmallTalk.of(Topic.pick(List.of("thanks", "thanks", "praise", "bye"), random), random));
        }
    }

    private Exchange opened(Exchange exchange) {
        return random.nextDouble() < OPENED ? opened(exchange, random) : exchange;
    }

    /** Returns the exchange with a greeting or the like before its question. */
    static Exchange opened(Exchange exchange, RandomGenerator random) {
        return exchange.withQuestion(opened(exchange.question(), random));
    }

    static String opened(String question, RandomGenerator random) {
        return Topic.pick(OPENINGS, random) + " " + question;
    }

    private static void add(List<Turn> turns, Exchange exchange) {
        turns.add(Turn.user(exchange.question()));
        turns.add(Turn.assistant(exchange.answer()));
    }
}
