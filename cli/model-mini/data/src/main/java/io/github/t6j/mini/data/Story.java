package io.github.t6j.mini.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

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
    private static final Pattern AN = Pattern.compile("\\b([Aa])(?= (?!uni|one)[aeiou])");

    static Story any(RandomGenerator random) {
        return of(Wish.none(random), random);
    }

    /** Returns a story with what a request asks for. */
    static Story of(Wish wish, RandomGenerator random) {
        List<Plot> plots = wish.thing() != null ? Plot.things() : Plot.all();
        Plot plot = Topic.pick(plots, random);
        while (plot.childOnly() && wish.kind() != null) {
            plot = Topic.pick(plots, random);
        }
        return of(plot, wish, random);
    }

    static Story of(Plot plot, Wish wish, RandomGenerator random) {
        Cast cast = new Cast(plot, wish, random);
        boolean inParagraphs = random.nextBoolean();
        StringBuilder text = new StringBuilder();
        for (Plot.Part part : plot.parts()) {
            if (!part.mayBeMissing() || random.nextDouble() < KEPT) {
                boolean paragraph = inParagraphs && random.nextDouble() < NEW_PARAGRAPH;
                boolean first = text.isEmpty();
                text.append(first ? "" : paragraph ? "\n" : " ")
                        .append(Topic.pick(part.forms(), random).fill(cast::value, random));
                if (first) {
                    boolean hasHero = text.indexOf(wish.hero().name()) >= 0;
                    text.append(wish.thing() == null ? cast.kind() + cast.company() : hasHero ? cast.thing() : "");
                }
                cast.introduce();
            }
        }
        if (wish.thing() != null && wish.friend() != null) {
            text.append(cast.company());
        }
        String title = Topic.pick(plot.titles(), random).fill(cast::value, random);
        Map<String, String> slots = new HashMap<>();
        for (String slot : List.of("hero", "friend", "kind", "fkind", "about", "about plural")) {
            slots.put(slot, cast.value(slot));
        }
        slots.put("asks", plot.asks().fill(cast::value, random));
        String told = withArticles(text);
        return new Story(title, told, slots, wish.hero(), told.split("\\s+").length);
    }

    /** Replaces "a" before a vowel by "an". */
    static String withArticles(CharSequence text) {
        return AN.matcher(text).replaceAll("$1n");
    }

    /** Returns a story of a number of words, between two bounds, that names what it is about twice. */
    static Story ofLength(Wish wish, int min, int max, RandomGenerator random) {
        List<String> about = wish.about() == null ? List.of() : List.of(wish.about(), Tables.plural(wish.about()));
        Story story;
        do {
            story = of(wish, random);
        } while (story.words() < min || story.words() > max || !StoryCheck.isAbout(story.text(), about));
        return story;
    }
}
