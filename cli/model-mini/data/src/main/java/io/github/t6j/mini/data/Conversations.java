package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Endless conversations for training: questions, small talk, stories, things to remember over many turns. */
final class Conversations {
    private static final List<String> SYSTEMS = Lines.of("talk/systems.txt");
    private static final List<String> ASKING_FACTS = Lines.of("talk/facts.txt");
    private static final double SYSTEM = 0.08;
    private static final double FACT = 0.07;
    private static final double GREETED = 0.15;
    private static final double THANKED = 0.15;
    private static final double FOLLOWED = 0.3;
    private static final double ONE_WORD = 0.14;
    private static final double AT_ONCE = 0.05;
    private static final double NEVER_TOLD = 0.03;
    private static final double UNTOLD = 0.12;
    private static final double NAMED = 0.5;
    private static final int SHORTEST = 9;
    private static final int TURNS = 11;
    private static final int MANY_TURNS = 24;
    private static final double LONG = 0.3;

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
        if (kind < 48) {
            questions(turns);
        } else if (kind < 52) {
            smallTalk(turns);
        } else if (kind < 67) {
            turns.addAll(StoryTalk.training(random));
            thanks(turns);
        } else if (kind < 84) {
            memory(turns, random.nextInt(5));
        } else {
            memory(turns, SHORTEST + random.nextInt(random.nextDouble() < LONG ? MANY_TURNS : TURNS));
        }
        return turns;
    }

    private void questions(List<Turn> turns) {
        if (random.nextDouble() < GREETED) {
            turns.addAll(SmallTalk.of(Topic.pick(List.of("hello", "morning", "how are you"), random), random));
        }
        boolean told = false;
        for (int i = 1 + random.nextInt(7); i > 0; i--) {
            double kind = random.nextDouble();
            if (kind >= AT_ONCE + NEVER_TOLD || told && kind >= AT_ONCE) {
                question(turns);
                continue;
            }
            Memory fact = Memory.training(Topic.pick(Memory.attributes(), random), random);
            told |= kind < AT_ONCE;
            add(turns, kind < AT_ONCE ? fact.toldAndAsked(random) : fact.untold(random));
        }
        thanks(turns);
    }

    private void question(List<Turn> turns) {
        if (random.nextDouble() < ONE_WORD) {
            add(turns, OneWord.training(topics, random));
            return;
        }
        if (random.nextDouble() < FACT) {
            turns.add(Turn.user(Typing.typed(Topic.pick(ASKING_FACTS, random), random)));
            turns.add(Turn.assistant(topics.withFacts(random).fact(random)));
            return;
        }
        Topic topic = topics.any(random);
        add(turns, topic.training(random));
        while (topic.hasFollows() && random.nextDouble() < FOLLOWED) {
            add(turns, topic.following(random));
        }
    }

    private void smallTalk(List<Turn> turns) {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            turns.addAll(SmallTalk.any(random));
        }
    }

    /**
     * Adds facts about the user at the beginning, other exchanges, and questions for the facts between them and at the
     * end.
     *
     * @param between number of other exchanges
     */
    private void memory(List<Turn> turns, int between) {
        List<Memory> told = facts(1 + random.nextInt(3));
        told.forEach(fact -> add(turns, fact.told(random)));
        if (random.nextDouble() < UNTOLD) {
            untold(turns, told);
        }
        boolean story = between > SHORTEST && random.nextInt(5) == 0;
        for (int i = 0; i < between; i++) {
            int kind = random.nextInt(10);
            if (kind == 0) {
                turns.addAll(SmallTalk.any(random));
            } else if (kind == 1) {
                add(turns, Topic.pick(told, random).asked(random));
            } else if (kind == 2 && story) {
                turns.addAll(StoryTalk.training(random));
                story = false;
            } else {
                question(turns);
            }
        }
        told.forEach(fact -> add(turns, fact.asked(random)));
        thanks(turns);
    }

    private List<Memory> facts(int count) {
        List<Memory> facts = new ArrayList<>();
        Set<String> subjects = new HashSet<>();
        while (facts.size() < count) {
            String attribute = random.nextDouble() < NAMED ? "name" : Topic.pick(Memory.attributes(), random);
            Memory fact = Memory.training(attribute, random);
            if (subjects.add(fact.subject()) && subjects.add(fact.value())) {
                facts.add(fact);
            }
        }
        return facts;
    }

    private void untold(List<Turn> turns, List<Memory> told) {
        Memory other = Memory.training(Topic.pick(Memory.attributes(), random), random);
        if (told.stream().noneMatch(fact -> fact.attribute().name().equals(other.attribute().name()))) {
            add(turns, other.untold(random));
        }
    }

    private void thanks(List<Turn> turns) {
        if (random.nextDouble() < THANKED) {
            turns.addAll(SmallTalk.of(Topic.pick(List.of("thanks", "thanks", "praise", "bye"), random), random));
        }
    }

    static void add(List<Turn> turns, Exchange exchange) {
        turns.add(Turn.user(exchange.question()));
        turns.add(Turn.assistant(exchange.answer()));
    }
}
