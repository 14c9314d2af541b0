package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Pages of words with their letters. A token shows none of its letters: a model learns them only where the word is
 * spelled.
 */
final class SpellingBook {
    private static final List<Form> LINES = Lines.of("talk/spelling-book.txt").stream().map(Form::of).toList();
    private static final int SHORTEST = 6;
    private static final int LONGEST = 12;

    private final List<String> known = Tables.words();
    private final List<String> names = Person.all().stream().map(Person::name).toList();
    private final Topic lowerCase = Topic.of("lower-case");
    private final RandomGenerator random;

    SpellingBook(RandomGenerator random) {
        this.random = random;
    }

    /** Returns lines, half of the pages in one form, the others in several. */
    String page() {
        Form only = random.nextBoolean() ? Topic.pick(LINES, random) : null;
        List<String> lines = new ArrayList<>();
        for (int i = SHORTEST + random.nextInt(LONGEST - SHORTEST + 1); i > 0; i--) {
            lines.add((only == null ? Topic.pick(LINES, random) : only).fill(slots(word()), random));
        }
        return String.join("\n", lines);
    }

    /** Returns a word that no topic holds out. */
    private String word() {
        while (true) {
            String word = switch (random.nextInt(5)) {
                case 0, 1 -> Topic.pick(known, random);
                case 2 -> random.nextBoolean() ? Topic.pick(names, random) : Names.madeUp(random);
                default -> Pieces.word(random);
            };
            if (lowerCase.trains(Tables.word(word.toLowerCase(Locale.ROOT)))) {
                return word;
            }
        }
    }

    private Map<String, String> slots(String word) {
        Map<String, String> slots = Tables.word(word);
        slots.put("small", word.toLowerCase(Locale.ROOT));
        slots.put("other", word());
        return slots;
    }
}
