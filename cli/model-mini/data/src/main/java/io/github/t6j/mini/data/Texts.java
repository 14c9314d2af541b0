package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Documents for pre-training: stories, other short texts, facts, questions in a tale, and conversations. */
final class Texts {
    private static final Map<String, List<Form>> PROSE = Lines.forms("talk/prose.txt");
    private static final double TITLED = 0.25;
    private static final double SPELLING = 0.3;
    private static final List<String> SUBJECTS = List.of("{hero}", "{a kind}", "{about}");

    private final Topics topics;
    private final Conversations conversations;
    private final SpellingBook spelling;
    private final Random random;

    Texts(Topics topics, Random random) {
        this.topics = topics;
        this.random = random;
        conversations = new Conversations(topics, random);
        spelling = new SpellingBook(random);
    }

    /** Returns the next document. By bytes, about half of them are stories. */
    String next() {
        int kind = random.nextInt(100);
        if (kind < 34) {
            return story();
        }
        if (kind < 42) {
            return titled(Story.of(Topic.pick(Plot.texts(), random), Wish.none(random), random));
        }
        if (kind < 58) {
            return facts();
        }
        return kind < 66 ? prose() : ChatText.of(conversations.next());
    }

    String story() {
        return titled(Story.of(Wish.of(Topic.pick(SUBJECTS, random), false, random), random));
    }

    private String titled(Story story) {
        return random.nextDouble() < TITLED ? story.title() + "\n\n" + story.text() : story.text();
    }

    /** Returns facts, also about things that no question for training is about, or a page of a spelling book. */
    String facts() {
        if (random.nextDouble() < SPELLING) {
            return spelling.page();
        }
        Topic topic = random.nextBoolean() ? topics.withOnlyStated(random) : topics.withFacts(random);
        List<String> sentences = new ArrayList<>();
        for (int i = 3 + random.nextInt(6); i > 0; i--) {
            sentences.add(topic.fact(random));
        }
        return String.join(random.nextInt(3) == 0 ? "\n" : " ", sentences);
    }

    private String prose() {
        Map<String, String> slots = new HashMap<>();
        slots.put("one", Person.any(random).name());
        do {
            slots.put("two", Person.any(random).name());
        } while (slots.get("one").equals(slots.get("two")));
        List<String> sentences = new ArrayList<>(List.of(sentence("opening", slots)));
        for (int i = 2 + random.nextInt(4); i > 0; i--) {
            Exchange exchange = topics.any(random).training(random);
            slots.put("question", exchange.question());
            slots.put("answer", exchange.answer());
            sentences.add(sentence("exchange", slots));
        }
        sentences.add(sentence("end", slots));
        return String.join(" ", sentences);
    }

    private String sentence(String section, Map<String, String> slots) {
        return Topic.pick(PROSE.get(section), random).fill(slots, random);
    }
}
