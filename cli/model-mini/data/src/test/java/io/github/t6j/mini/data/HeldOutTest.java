package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Checks that training never asks a held-out question, and that it knows all the things of such questions. */
class HeldOutTest {
    private static final int COUNT = 1000;
    private static final int CONVERSATIONS = 40_000;
    private static final int TEXTS = 4_000;

    private static final Topics TOPICS = new Topics();
    private static final List<Exchange> HELD_OUT = new ArrayList<>();
    private static final Set<String> ASKED = new HashSet<>();
    private static final Set<String> WORDS = new HashSet<>();

    @BeforeAll
    static void converse() {
        HeldOut heldOut = new HeldOut(TOPICS, COUNT, new Random(3));
        TOPICS.kinds().forEach(kind -> HELD_OUT.addAll(heldOut.exchanges(kind)));
        Conversations conversations = new Conversations(TOPICS, new Random(1));
        for (int i = 0; i < CONVERSATIONS; i++) {
            for (Turn turn : conversations.next()) {
                ASKED.add(turn.content());
                WORDS.addAll(List.of(turn.content().split("[^A-Za-z0-9]+")));
            }
        }
    }

    @Test
    void thereAreEnoughQuestionsOfEachKind() {
        HeldOut heldOut = new HeldOut(TOPICS, COUNT, new Random(3));
        heldOut.lines().forEach((kind, lines) -> assertThat(lines).as(kind).doesNotHaveDuplicates().hasSize(COUNT));
    }

    @Test
    void trainingAsksNoHeldOutQuestion() {
        assertThat(HELD_OUT.stream().filter(exchange -> ASKED.contains(exchange.question()))).isEmpty();
    }

    @Test
    void textsHaveNoHeldOutQuestion() {
        Texts texts = new Texts(TOPICS, new Random(5));
        String all = IntStream.range(0, TEXTS).mapToObj(i -> texts.next()).collect(Collectors.joining("\n"));
        assertThat(HELD_OUT.stream().map(Exchange::question)
                .filter(question -> all.contains(question) && stands(question, all))).isEmpty();
    }

    /** As whole words: "19 - 3 = ?" is not "9 - 3 = ?". */
    private static boolean stands(String question, String texts) {
        return Pattern.compile("(?<![A-Za-z0-9])" + Pattern.quote(question) + "(?![A-Za-z0-9])").matcher(texts).find();
    }

    @Test
    void noHeldOutQuestionDiffersOnlyInSigns() {
        Set<String> bare = ASKED.stream().map(HeldOutTest::bare).collect(Collectors.toSet());
        assertThat(HELD_OUT.stream().filter(exchange -> bare.contains(bare(exchange.question())))).isEmpty();
    }

    private static String bare(String question) {
        return question.replaceAll("[^A-Za-z0-9 +-]", "");
    }

    @Test
    void trainingHasEveryWordOfAHeldOutQuestion() {
        for (Exchange exchange : HELD_OUT) {
            assertThat(WORDS).as(exchange.toString()).contains(exchange.question().replaceAll("^[^A-Za-z0-9]+", "")
                    .split("[^A-Za-z0-9]+"));
        }
    }

    /** The things of each topic, found by what training asks; independent of the hash. */
    @Tag("full")
    @Test
    void trainingHasEveryThingInAnotherForm() {
        Random random = new Random(4);
        for (Topic topic : TOPICS.all()) {
            Set<String> things = new HashSet<>();
            Set<String> pairs = new HashSet<>();
            long all = topic.rows().stream().map(topic::thing).distinct().count();
            for (int i = 0; i < 20 * all; i++) {
                Exchange exchange = topic.training(random);
                things.add(exchange.thing());
                pairs.add(exchange.form() + "\n" + exchange.thing());
            }
            for (Exchange exchange : topic.heldOut(random)) {
                assertThat(things).as(topic.name()).contains(exchange.thing());
                assertThat(pairs).as(topic.name()).doesNotContain(exchange.form() + "\n" + exchange.thing());
            }
        }
    }

    @Test
    void aSentenceIsNotOneWord() {
        Random random = new Random(6);
        for (int i = 0; i < 5000; i++) {
            assertThat(OneWord.heldOut(TOPICS, random).check().accept())
                    .allSatisfy(answer -> assertThat(answer.split(" ")).hasSizeLessThanOrEqualTo(3));
        }
    }

    @Test
    void theShareIsOneEighth() {
        int pairs = 0;
        int heldOut = 0;
        for (Topic topic : TOPICS.all()) {
            for (var row : topic.rows()) {
                for (Form form : topic.questions()) {
                    pairs++;
                    heldOut += Split.isHeldOut(form.source(), topic.thing(row)) ? 1 : 0;
                }
            }
        }
        assertThat((double) heldOut / pairs).isBetween(0.118, 0.132);
    }
}
