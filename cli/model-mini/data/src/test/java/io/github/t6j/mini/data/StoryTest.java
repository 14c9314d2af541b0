package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks the stories, and the check of stories itself. */
class StoryTest {
    @Test
    void storiesHaveNoFaultsAndAreDifferent() {
        Random random = new Random(1);
        Set<String> all = new HashSet<>();
        for (int i = 0; i < 4000; i++) {
            Story story = Story.any(random);
            assertThat(StoryCheck.faults(story.text(), List.of())).as(story.text()).isEmpty();
            assertThat(story.words()).as(story.text()).isBetween(45, 260);
            assertThat(story.text()).doesNotContain("{", "}", "[", "]", "|", "  ", ".,", " . ")
                    .doesNotContainPattern("(?<![.?!:]\"?|\\d)[\\n]");
            assertThat(all.add(story.text())).isTrue();
        }
    }

    @Test
    void articlesFitTheNextWord() {
        assertThat(Story.withArticles("A owl saw a old man, a unicorn, a one-eyed cat and a tree."))
                .isEqualTo("An owl saw an old man, a unicorn, a one-eyed cat and a tree.");
    }

    @Test
    void storiesAreAboutWhatIsAskedFor() {
        Random random = new Random(4);
        for (int i = 0; i < 2000; i++) {
            Wish wish = Wish.of(List.of("{a about}", "{hero} and {friend}", "{a kind} and {a fkind}").get(i % 3),
                    i % 2 == 0,
                    random);
            Story story = Story.of(wish, random);
            List<String> names = wish.friend() == null
                    ? List.of(wish.hero().name())
                    : List.of(wish.hero().name(), wish.friend().name());
            assertThat(StoryCheck.faults(story.text(), names)).as(story.text()).isEmpty();
            if (wish.thing() != null) {
                assertThat(StoryCheck.isAbout(story.text(), List.of(wish.thing()))).as(story.text()).isTrue();
            } else if (wish.kind() != null) {
                assertThat(story.text()).contains(wish.kind().get("kind"));
            }
        }
    }

    @Test
    void anAnswerSaysWhatWasAskedFor() {
        Random random = new Random(6);
        int asked = 0;
        for (int i = 0; i < 2000; i++) {
            List<Turn> turns = StoryTalk.training(random);
            String answer = turns.get(1).content();
            String opening = answer.substring(0, answer.length() - StoryTalk.told(answer).length()).strip();
            assertThat(StoryTalk.told(answer)).doesNotStartWith("This is a story").doesNotStartWith("Here is a story");
            if (!opening.isEmpty()) {
                assertThat(opening).matches("(This|Here) is a story about [^.]+\\.");
                String name = opening.replaceFirst(".* ", "").replace(".", "");
                assertThat(List.of(name, Tables.plural(name))).as(opening).anySatisfy(
                        word -> assertThat(turns.get(0).content()).containsIgnoringCase(word));
                assertThat(StoryTalk.told(answer)).containsIgnoringCase(name);
                asked++;
            }
        }
        assertThat(asked).isBetween(1000, 1900);
    }

    @Test
    void heroesAndFriendsWhoseNamesAStoryChoosesAreNeverCalledTheSame() {
        Random random = new Random(7);
        Set<String> heroes = new HashSet<>();
        Set<String> friends = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            heroes.add(Person.hero(random).name());
            friends.add(Person.friend(random).name());
        }
        assertThat(heroes).hasSize(40).doesNotContainAnyElementsOf(friends);
        assertThat(friends).hasSize(40);
    }

    @Test
    void everyPlotMakesStories() {
        Random random = new Random(2);
        assertThat(Plot.all()).hasSizeGreaterThanOrEqualTo(15);
        for (Plot plot : Plot.all()) {
            Story story = Story.of(plot, Wish.none(random), random);
            assertThat(story.title()).as(plot.name()).isNotEmpty();
            assertThat(plot.parts()).as(plot.name())
                    .allSatisfy(part -> assertThat(part.forms()).isNotEmpty());
        }
    }

    @Test
    void otherTextsAreWhole() {
        Random random = new Random(3);
        Texts texts = new Texts(new Topics(), random);
        for (int i = 0; i < 4000; i++) {
            String text = texts.next();
            assertThat(text).isNotBlank().doesNotContain("{", "}", "  ");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            There was a boy named Ben. He had a dog. Tom was glad. Ben ran.         | Tom is not introduced
            There was a boy named Ben. She had a dog. Then Ben ran home.            | nobody is meant by she
            There was a boy named Ben. He ran to the sea and to the hill. A girl named Ida sang and then she slept and ate. | Ben is forgotten
            There was a boy named Ben. The red ball of Ben lay there. Ben took the blue ball.    | several colours
            There was a boy named Ben. His friend Tom saw Ben's ball. It was Tom's ball. Ben ran. | several owners
            A dog ran home.                                                          | nobody has a name
            There was a boy named Ben. He saw a dog. Ben ran home, and Ben           | has no end
            There was a boy named Ben. Ben ran off. Ben sat. Ben ran off. Ben sat. Ben ran off.  | several times: Ben ran off.
            """)
    void faultsAreFound(String story, String fault) {
        assertThat(StoryCheck.faults(story, List.of())).as(story).anyMatch(found -> found.contains(fault));
    }

    @Test
    void aStoryAboutSomebodyElseHasAFault() {
        assertThat(StoryCheck.faults("There was a boy named Ben. Then Ben ran home.", List.of("Anna")))
                .contains("Anna is missing");
    }

    @Test
    void aStoryWithAnotherHeroHasFaults() {
        Random random = new Random(5);
        int found = 0;
        for (int i = 0; i < 500; i++) {
            Story story = Story.of(Wish.of(Topic.pick(Person.all(), random)), random);
            int middle = story.text().indexOf(' ', story.text().length() / 2);
            String other = story.hero().name().equals("Ida") ? "Zoe" : "Ida";
            String changed = story.text().substring(0, middle)
                    + story.text().substring(middle).replaceAll("\\b" + story.hero().name() + "\\b", other);
            found += StoryCheck.faults(changed, List.of()).isEmpty() ? 0 : 1;
        }
        assertThat(found).isGreaterThan(425);
    }
}
