package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Checks that each topic has many forms, and that its answers can be told from wrong ones. */
class TopicTest {
    private static final Topics TOPICS = new Topics();
    private static final int MIN_QUESTIONS = 12;
    private static final int MIN_HELD_OUT = 3;

    @Test
    void topicsHaveManyForms() {
        for (Topic topic : TOPICS.all()) {
            assertThat(topic.questions()).as(topic.name()).extracting(Form::source).doesNotHaveDuplicates()
                    .hasSizeGreaterThanOrEqualTo(MIN_QUESTIONS);
            assertThat(topic.heldOutQuestions()).as(topic.name()).extracting(Form::source).doesNotHaveDuplicates()
                    .hasSizeGreaterThanOrEqualTo(MIN_HELD_OUT)
                    .doesNotContainAnyElementsOf(topic.questions().stream().map(Form::source).toList());
            assertThat(topic.answers()).as(topic.name()).isNotEmpty();
            assertThat(topic.trained()).as(topic.name()).hasSizeGreaterThan(6);
        }
    }

    @Test
    void everyAnswerIsAcceptedAndThatOfAnotherThingIsNot() {
        Random random = new Random(1);
        for (Topic topic : TOPICS.all()) {
            List<Exchange> exchanges = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                exchanges.add(topic.training(random));
            }
            exchanges.forEach(exchange -> assertThat(exchange.check().accepts(exchange.answer()))
                    .as(exchange.toString()).isTrue());
            Set<Boolean> testable = new HashSet<>();
            for (int i = 1; i < exchanges.size(); i++) {
                Exchange exchange = exchanges.get(i);
                Exchange previous = exchanges.get(i - 1);
                List<String> accept = exchange.check().accept(); // "The opposite of enemy is friend." has both words
                if (exchange.isTestable() && !accept.contains("word") && !accept.contains(previous.thing())
                        && accept.stream().noneMatch(previous.check().accept()::contains)) {
                    assertThat(exchange.check().accepts(previous.answer())).as(exchange + " " + previous).isFalse();
                    testable.add(true);
                }
            }
            assertThat(testable.isEmpty()).as(topic.name() + " has different answers")
                    .isEqualTo(topic.name().equals("unknown"));
        }
    }

    @Test
    void checksSurviveJson() {
        Random random = new Random(2);
        for (Topic topic : TOPICS.all()) {
            Check check = topic.training(random).check();
            assertThat(Check.of(check.json())).as(topic.name()).isEqualTo(check);
        }
    }

    @Test
    void numbersMustBeTheRightOnes() {
        Check twelve = Check.numbers(List.of("12"), "What is 7 plus 5?");
        assertThat(twelve.accepts("Seven plus five is twelve.")).isTrue();
        assertThat(twelve.accepts("7 + 5 = 12")).isTrue();
        assertThat(twelve.accepts("7 plus 5 is 13 or 12.")).isFalse();
        assertThat(twelve.accepts("7 plus 5")).isFalse();
    }

    @Test
    void listsMustHaveTheirLength() {
        Check three = Check.list(3, List.of("dog", "cat", "fox", "bear"));
        assertThat(three.accepts("a dog, a cat and foxes")).isTrue();
        assertThat(three.accepts("dog, cat")).isFalse();
        assertThat(three.accepts("dog, dog, cat")).isFalse();
        assertThat(three.accepts("dog, cat, fox, bear")).isFalse();
    }

    @Test
    void exactAnswersMayHaveQuotes() {
        Check exact = Check.exact(List.of("CAT"));
        assertThat(List.of("CAT", "\"CAT\"", "CAT.", " CAT\n")).allMatch(exact::accepts);
        assertThat(List.of("cat", "CATS", "Write cat in capitals.")).noneMatch(exact::accepts);
    }

    @Test
    void reasonsMayStandBeforeTheEnd() {
        Check ends = Check.ends(List.of("Ana"));
        assertThat(
                List.of("Ana is 9, and Bob is 5. 9 is more than 5, so it is Ana.", "Ana", "The older one is \"Ana\"."))
                .allMatch(ends::accepts);
        assertThat(List.of("Ana is 9, and Bob is 5. 9 is more than 5, so it is Bob.", "It is Susana.", "ana",
                "Ana is older than Bob.")).noneMatch(ends::accepts);
    }

    @Test
    void definitionsAreManyAndSimple() {
        List<String> words = Lines.table("tables/definitions.txt").stream().map(row -> row.get("word")).toList();
        assertThat(words).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(500);
        assertThat(Lines.table("tables/definitions.txt").stream().map(row -> row.get("definition")))
                .doesNotHaveDuplicates();
    }
}
