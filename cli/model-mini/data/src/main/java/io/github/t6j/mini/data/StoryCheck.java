package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Checks of a story, of the generator or of a model: each name is introduced ("a boy named Ben", "her friend Tom"),
 * there is a person for each pronoun, the persons stay, a thing keeps its owner and colour, and the text ends and does
 * not repeat itself.
 */
final class StoryCheck {
    private static final int NEAR = 4;
    private static final int MAX_PERSONS = 4;
    private static final int TOO_OFTEN = 3;
    private static final Map<String, Person> PERSONS = Person.all().stream()
            .collect(Collectors.toMap(Person::name, person -> person));
    private static final Set<String> INTRODUCING =
            new HashSet<>(List.of("named", "called", "name", "boy", "girl", "friend",
                    "cousin", "neighbour", "brother", "sister", "mother", "father", "grandmother", "grandfather",
                    "aunt", "uncle",
                    "man", "woman", "child"));
    private static final Set<String> MALE = Set.of("he", "him", "his", "himself");
    private static final Set<String> FEMALE = Set.of("she", "her", "hers", "herself");
    private static final Set<String> MEN =
            Set.of("boy", "boys", "man", "father", "grandfather", "brother", "uncle", "king", "prince", "postman");
    private static final Set<String> WOMEN =
            Set.of("girl", "girls", "woman", "mother", "grandmother", "sister", "aunt", "queen", "princess");
    private static final Pattern WORD = Pattern.compile("\\p{L}+(?:-\\p{Ll}+)?");
    private static final Pattern THINGS = Pattern.compile("\\b(\\p{L}+) (" + Lines.table("tables/things.txt").stream()
            .map(row -> row.get("noun")).collect(Collectors.joining("|")) + ")\\b(?: of (\\p{Lu}\\p{L}+))?");
    private static final Set<String> COLORS = Set.copyOf(Lines.sections("tables/classes.txt").get("colours|a colour"));

    private static final Set<String> PETS = Lines.table("tables/pets.txt").stream().map(row -> row.get("value"))
            .collect(Collectors.toUnmodifiableSet());

    private static final Pattern NAMED = Pattern.compile(
            "\\b(?:named|called|friend|cousin|neighbour|brother|sister|name was) (\\p{Lu}\\p{L}+)"
                    + "|\\b(?!(?:He|She|It|There|That|This|The|Once) )(\\p{Lu}\\p{L}+) was an? ");

    private final List<String> words;
    private final Set<String> names;
    private final Map<String, Integer> firstOf = new LinkedHashMap<>();
    private final Map<String, Integer> lastOf = new HashMap<>();
    private final List<String> faults = new ArrayList<>();

    private StoryCheck(String story, Collection<String> known) {
        words = WORD.matcher(story).results().map(result -> result.group()).toList();
        names = NAMED.matcher(story).results()
                .map(result -> result.group(1) != null ? result.group(1) : result.group(2))
                .collect(Collectors.toCollection(HashSet::new));
        names.removeAll(PETS);
        names.addAll(known);
        for (int i = 0; i < words.size(); i++) {
            if (isName(words.get(i))) {
                firstOf.putIfAbsent(words.get(i), i);
                lastOf.put(words.get(i), i);
            }
        }
    }

    private boolean isName(String word) {
        return PERSONS.containsKey(word) || names.contains(word);
    }

    /** Returns true if a person may be a he (or a she); names that no table has may be both. */
    private static boolean mayBe(boolean male, String name) {
        return !PERSONS.containsKey(name) || PERSONS.get(name).isMale() == male;
    }

    /**
     * Returns the faults of a story; none if it is consistent.
     *
     * @param known names that the request for the story mentions
     */
    static List<String> faults(String story, Collection<String> known) {
        StoryCheck check = new StoryCheck(story, known);
        check.names(known);
        check.pronouns(known);
        check.hero(known);
        check.ending(story);
        check.things(story);
        return check.faults;
    }

    /** Returns true if one of several forms of a noun, such as its plural, occurs twice, or if there is no noun. */
    static boolean isAbout(String story, Collection<String> forms) {
        String words = " " + English.words(story).replace(" ", "  ") + " ";
        int found = 0;
        for (String form : forms) {
            found += words.split(" " + form.replace(" ", "  ") + " ", -1).length - 1;
        }
        return forms.isEmpty() || found >= 2;
    }

    private void names(Collection<String> known) {
        firstOf.forEach((name, at) -> {
            List<String> near = words.subList(Math.max(0, at - NEAR), Math.min(words.size(), at + NEAR + 1));
            boolean described =
                    at + 2 < words.size() && words.get(at + 1).equals("was") && words.get(at + 2).matches("an?");
            if (!known.contains(name) && !described && near.stream().noneMatch(INTRODUCING::contains)) {
                faults.add(name + " is not introduced");
            }
        });
        if (firstOf.size() > MAX_PERSONS) {
            faults.add("too many persons: " + firstOf.keySet());
        }
    }

    private void pronouns(Collection<String> known) {
        Set<String> persons = new HashSet<>(firstOf.keySet());
        persons.addAll(known);
        boolean men = words.stream().anyMatch(MEN::contains)
                || persons.stream().anyMatch(name -> mayBe(true, name));
        boolean women = words.stream().anyMatch(WOMEN::contains)
                || persons.stream().anyMatch(name -> mayBe(false, name));
        for (String word : words) {
            String pronoun = word.toLowerCase();
            if (MALE.contains(pronoun) && !men || FEMALE.contains(pronoun) && !women) {
                faults.add("nobody is meant by " + pronoun);
                return;
            }
        }
    }

    private void hero(Collection<String> known) {
        known.stream().filter(name -> !firstOf.containsKey(name))
                .forEach(name -> faults.add(name + " is missing"));
        if (firstOf.isEmpty()) {
            faults.add("nobody has a name");
            return;
        }
        int half = words.size() / 2;
        String hero = firstOf.keySet().iterator().next();
        Set<String> pronouns = new HashSet<>(mayBe(true, hero) ? MALE : Set.of());
        pronouns.addAll(mayBe(false, hero) ? FEMALE : Set.of());
        boolean named =
                firstOf.keySet().stream().anyMatch(name -> firstOf.get(name) < half && lastOf.get(name) >= half);
        if (!named
                && words.subList(half, words.size()).stream().map(String::toLowerCase).noneMatch(pronouns::contains)) {
            faults.add(hero + " is forgotten");
        }
    }

    private void ending(String story) {
        if (!story.strip().matches("(?s).*[.!?]\"?")) {
            faults.add("the last sentence has no end");
        }
        Map<String, Integer> counts = new HashMap<>();
        for (String sentence : story.strip().replaceFirst("\"$", "").split("(?<=[.!?])\"?\\s+")) {
            boolean whole = sentence.split(" ").length > 2; // not "cried Ben."
            if (whole && counts.merge(sentence, 1, Integer::sum) == TOO_OFTEN) {
                faults.add("several times: " + sentence);
            }
        }
    }

    private void things(String story) {
        Map<String, Set<String>> owners = new HashMap<>();
        Map<String, Set<String>> colors = new HashMap<>();
        Matcher things = THINGS.matcher(story.replaceAll("(\\p{Lu}\\p{L}+)'s\\b", "$1"));
        while (things.find()) {
            for (String owner : new String[] {things.group(1), things.group(3)}) {
                if (owner != null && isName(owner)) {
                    owners.computeIfAbsent(things.group(2), key -> new HashSet<>()).add(owner);
                }
            }
            if (COLORS.contains(things.group(1))) {
                colors.computeIfAbsent(things.group(2), key -> new HashSet<>()).add(things.group(1));
            }
        }
        owners.forEach((thing, all) -> addIfSeveral("owners", thing, all));
        colors.forEach((thing, all) -> addIfSeveral("colours", thing, all));
    }

    private void addIfSeveral(String what, String thing, Set<String> all) {
        if (all.size() > 1) {
            faults.add("the " + thing + " has several " + what + ": " + all);
        }
    }
}
