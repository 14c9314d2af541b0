package io.github.t6j.mini.data;

import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Story of a plot with a cast.
 *
 * @param title its title
 * @param text its sentences, in one paragraph or several
 * @param slots values of the slots of a request for it
 * @param hero the person whom it is about
 * @param words number of words of the text
 */
record Story(String title, String text, Map<String, String> slots, Person hero, int words) {
    private static final double KEPT = 0.6;
    private static final double NEW_PARAGRAPH = 0.2;

    static Story any(RandomGenerator random) {
        return of(Person.any(random), random);
    }

    static Story of(Person hero, RandomGenerator random) {
        return of(Topic.pick(Plot.all(), random), hero, random);
    }

    static Story of(Plot plot, Person hero, RandomGenerator random) {
        Cast cast = new Cast(plot, hero, random);
        boolean inParagraphs = random.nextBoolean();
        StringBuilder text = new StringBuilder();
        for (Plot.Part part : plot.parts()) {
            if (!part.mayBeMissing() || random.nextDouble() < KEPT) {
                boolean paragraph = inParagraphs && random.nextDouble() < NEW_PARAGRAPH;
                text.append(text.isEmpty() ? "" : paragraph ? "\n" : " ")
                        .append(Topic.pick(part.forms(), random).fill(cast::value, random));
            }
        }
        String title = Topic.pick(plot.titles(), random).fill(cast::value, random);
        Map<String, String> slots = Map.of("hero", hero.name(), "kind", cast.value("kind"), "asks",
                plot.asks().fill(cast::value, random));
        return new Story(title, text.toString(), slots, hero, text.toString().split("\\s+").length);
    }

    /** Returns a story of a number of words, between two bounds. */
    static Story ofLength(Person hero, int min, int max, RandomGenerator random) {
        Story story;
        do {
            story = of(hero, random);
        } while (story.words() < min || story.words() > max);
        return story;
    }
}
