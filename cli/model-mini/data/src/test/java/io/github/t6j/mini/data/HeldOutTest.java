package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Checks that training has no held-out wording, asks about no held-out thing, and has no held-out name or word. */
class HeldOutTest {
    private static final int CONVERSATIONS = 32_000;
    private static final int TEXTS = 2_000;
    private static final int TRIES = 400;
    private static final Pattern SUM = Pattern.compile("(?<![\\d-])(\\d+) ?(?:\\+|plus) ?(\\d+)(?!\\d)");

    private static final Pattern WORD = Pattern.compile("\\p{L}+");
    private static final Map<String, String> BRITISH = Lines.table("tables/american.txt").stream()
            .collect(Collectors.toUnmodifiableMap(row -> row.get("to"), row -> row.get("from")));

    /** Words of the sentences around the words of a spelling book, and single letters. */
    private static final Pattern BOOK = Pattern.compile("\\{[^}]*}");
    private static final Set<String> BOOK_WORDS = Lines.of("talk/spelling-book.txt").stream()
            .flatMap(line -> WORD.matcher(BOOK.matcher(line).replaceAll(" ").toLowerCase(Locale.ROOT)).results())
            .map(word -> word.group()).collect(Collectors.toUnmodifiableSet());

    private static final Topics TOPICS = new Topics();
    private static final Set<String> ASKED = new HashSet<>();
    private static final List<String> TRAINING = new ArrayList<>();
    private static final Set<String> WORDS = new HashSet<>();
    private static final List<String> OPENINGS =
            Lines.of("talk/openings.txt").stream().map(HeldOutTest::bare).toList();

    @BeforeAll
    static void converse() {
        Conversations conversations = new Conversations(TOPICS, new Random(1));
        for (int i = 0; i < CONVERSATIONS; i++) {
            for (Turn turn : conversations.next()) {
                TRAINING.add(turn.content());
                if (turn.role().equals("user")) {
                    ASKED.add(bare(turn.content()));
                    ASKED.add(unopened(bare(turn.content())));
                }
            }
        }
        Texts texts = new Texts(TOPICS, new Random(5));
        for (int i = 0; i < TEXTS; i++) {
            TRAINING.add(texts.next());
            TRAINING.add(texts.facts());
        }
        TRAINING.forEach(text -> WORDS.addAll(List.of(text.toLowerCase(Locale.ROOT).split("[^\\p{L}]+"))));
    }

    /** Returns a question without signs and spelling that typing changes. */
    private static String bare(String question) {
        String plain = question.toLowerCase(Locale.ROOT).replace("'s ", " is ").replace("'d ", " would ")
                .replace("'ve ", " have ").replace("n't ", " not ").replace("'m ", " am ").replace("'re ", " are ");
        plain = WORD.matcher(plain).replaceAll(word -> BRITISH.getOrDefault(word.group(), word.group()));
        return plain.replaceAll("[^\\p{L}0-9+*/ -]", "")
                .replaceAll("(?<=\\d) (?=[-+*/x] \\d)|(?<=\\d [-+*/x]) (?=\\d)", "")
                .replaceAll(" please$", "").replace("cannot", "can not").strip();
    }

    private static String unopened(String bare) {
        return OPENINGS.stream().filter(opening -> bare.startsWith(opening + " ")).findFirst()
                .map(opening -> bare.substring(opening.length() + 1)).orElse(bare);
    }

    @Test
    void everyKindHasQuestions() {
        Map<String, List<String>> files = new HeldOut(TOPICS, 60, new Random(3)).files();
        files.forEach((name, lines) -> assertThat(lines).as(name).doesNotHaveDuplicates()
                .hasSize(name.equals("names/names") ? 200 : 60));
        assertThat(files.keySet()).contains("wordings/sums", "things/sums", "wordings/memory", "things/memory",
                "stories/wordings", "stories/things", "conversations/name after 15 turns");
    }

    @Test
    void trainingHasNoHeldOutWording() {
        Random random = new Random(2);
        for (Topic topic : TOPICS.all()) {
            assertThat(heldOut(topic, true, random)).as(topic.name()).noneMatch(ASKED::contains);
        }
    }

    @Test
    void trainingDoesNotAskAboutHeldOutThings() {
        Random random = new Random(3);
        for (Topic topic : TOPICS.all()) {
            if (!topic.heldOut().isEmpty()) {
                assertThat(heldOut(topic, false, random)).as(topic.name()).noneMatch(ASKED::contains);
            }
        }
    }

    private static Stream<String> heldOut(Topic topic, boolean wording, Random random) {
        return IntStream.range(0, TRIES)
                .mapToObj(i -> wording ? topic.heldOutWording(random) : topic.heldOutThing(random))
                .map(exchange -> bare(exchange.question()));
    }

    /** The check above would find a held-out question: it finds the trained ones. */
    @Test
    void trainingHasTheTrainedQuestions() {
        Topic topic = TOPICS.all().stream().filter(any -> any.name().equals("day-after")).findFirst().orElseThrow();
        Random random = new Random(4);
        long found = IntStream.range(0, TRIES).mapToObj(i -> topic.training(random))
                .filter(exchange -> ASKED.contains(unopened(bare(exchange.question())))).count();
        assertThat(found).isGreaterThan(TRIES / 20);
    }

    @Test
    void trainingHasNoUnseenNameOrWord() {
        assertThat(Stream.concat(Names.unseen().stream(), Lines.of("tables/unseen-words.txt").stream())
                .filter(word -> WORDS.contains(word.toLowerCase(Locale.ROOT)))).isEmpty();
        assertThat(Names.unseen()).hasSize(200).doesNotHaveDuplicates();
        assertThat(Lines.of("tables/unseen-words.txt")).hasSizeGreaterThan(100);
    }

    @Test
    void pagesOfTheSpellingBookHaveNoWordThatLowerCaseHoldsOut() {
        SpellingBook book = new SpellingBook(new Random(9));
        Set<String> words = IntStream.range(0, TEXTS).mapToObj(i -> book.page().toLowerCase(Locale.ROOT))
                .flatMap(page -> WORD.matcher(page).results()).map(word -> word.group()).collect(Collectors.toSet());
        assertThat(words).hasSizeGreaterThan(10_000);
        List<String> heldOut = Topic.of("lower-case").heldOut().stream().map(row -> row.get("word"))
                .filter(word -> !BOOK_WORDS.contains(word)).toList();
        assertThat(heldOut).hasSizeGreaterThan(400).noneMatch(words::contains);
    }

    @Test
    void heldOutSumsStandNowhere() {
        Set<String> pairs = TRAINING.stream().flatMap(text -> SUM.matcher(text).results()).map(sum -> {
            int a = Integer.parseInt(sum.group(1));
            int b = Integer.parseInt(sum.group(2));
            return Math.min(a, b) + " + " + Math.max(a, b);
        }).collect(Collectors.toSet());
        assertThat(pairs).hasSizeGreaterThan(150);
        assertThat(pairs.stream().filter(pair -> Split.isHeldOut("sums", pair))).isEmpty();
    }

    @Test
    void heldOutCountsStandNowhere() {
        Set<String> said = TRAINING.stream().map(text -> text.replaceFirst("\\.$", "")).collect(Collectors.toSet());
        List<String> heldOut = Topic.of("count").heldOut().stream().map(row -> row.get("all")).toList();
        assertThat(heldOut).hasSizeGreaterThan(50).noneMatch(said::contains);
        List<String> trained = Topic.of("count").trained().stream().map(row -> row.get("all")).toList();
        assertThat(trained.stream().filter(said::contains)).as("trained counts").hasSizeGreaterThan(10);
    }

    @Test
    void factsStateHeldOutThings() {
        Random random = new Random(6);
        for (String name : List.of("colour", "capital", "animal-baby", "what-is")) {
            Topic topic = Topic.of(name);
            String facts = IntStream.range(0, 8000).mapToObj(i -> topic.fact(random)).collect(Collectors.joining("\n"))
                    .toLowerCase(Locale.ROOT);
            assertThat(topic.heldOut()).as(name).isNotEmpty().allSatisfy(
                    row -> assertThat(facts).contains(topic.thing(row).toLowerCase(Locale.ROOT)));
        }
    }

    @Test
    void topicsOfTheSameFactsHoldOutTheSameThings() {
        assertThat(things("colour")).isEqualTo(things("colour-yes-no")).isEqualTo(things("colour-either-or"));
        assertThat(things("bigger")).isEqualTo(things("smaller")).isEqualTo(things("more-yes-no"));
    }

    private static Set<String> things(String name) {
        Topic topic = Topic.of(name);
        return topic.heldOut().stream().map(topic::thing).collect(Collectors.toSet());
    }

    @Test
    void memoryHasHeldOutValues() {
        assertThat(Memory.dividedAttributes()).contains("name", "pet", "person", "place", "age", "food");
        Random random = new Random(8);
        for (String attribute : Memory.dividedAttributes()) {
            Memory fact = Memory.heldOut(attribute, random);
            assertThat(TRAINING).as(fact.toString()).doesNotContain(fact.asked(random).answer());
        }
    }

    @Test
    void aSentenceIsNotOneWord() {
        Random random = new Random(6);
        for (int i = 0; i < 3000; i++) {
            assertThat(OneWord.heldOutWording(TOPICS, random).check().accept())
                    .allSatisfy(answer -> assertThat(answer.split(" ")).hasSizeLessThanOrEqualTo(3));
        }
    }
}
