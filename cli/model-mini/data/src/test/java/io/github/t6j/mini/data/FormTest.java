package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks forms and the rules of English. */
class FormTest {
    private static final Map<String, String> SLOTS = Map.of("thing", "owl", "he", "she");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            The {thing} sleeps.      | The owl sleeps.
            {A thing} sleeps.        | An owl sleeps.
            I see {a thing}: {he}.   | I see an owl: she.
            {He} is {thing cap}.     | She is Owl.
            """)
    void slotsAreFilled(String form, String sentence) {
        assertThat(Form.of(form).fill(SLOTS, new Random(1))).isEqualTo(sentence);
    }

    @Test
    void everyAlternativeIsChosen() {
        Set<String> all = new HashSet<>();
        Random random = new Random(1);
        Form form = Form.of("[a [b|c]|d|]{thing}");
        for (int i = 0; i < 100; i++) {
            all.add(form.fill(SLOTS, random));
        }
        assertThat(all).containsExactlyInAnyOrder("a bowl", "a cowl", "dowl", "owl");
    }

    @Test
    void mistakesAreReported() {
        assertThatThrownBy(() -> Form.of("{x}").fill(SLOTS, new Random(1))).hasMessage("no value of {x}: {x}");
        assertThatThrownBy(() -> Form.of("[a|b")).hasMessageContaining("[a|b");
        assertThatThrownBy(() -> Form.of("a]b")).hasMessageContaining("a]b");
        assertThatThrownBy(() -> Form.of("{a")).hasMessageContaining("{a");
    }

    @ParameterizedTest
    @CsvSource({"dog,dogs", "box,boxes", "city,cities", "boy,boys", "church,churches", "bus,buses", "brush,brushes"})
    void pluralsAreRegular(String noun, String plural) {
        assertThat(English.plural(noun)).isEqualTo(plural);
    }

    @ParameterizedTest
    @CsvSource({"apple,an apple", "hour,an hour", "unicorn,a unicorn", "dog,a dog", "one,a one", "old hat,an old hat",
        "useful tool,a useful tool", "umbrella,an umbrella"})
    void articlesFollowTheSound(String noun, String withArticle) {
        assertThat(English.withArticle(noun)).isEqualTo(withArticle);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            It is forty-seven.       | it is 47
            Forty seven!             | 47
            One hundred, or 7.       | 100 or 7
            C-A-T                    | c a t
            "Don't," he said         | dont he said
            """)
    void wordsOfAnAnswerAreCompared(String text, String words) {
        assertThat(English.words(text)).isEqualTo(words);
    }
}
