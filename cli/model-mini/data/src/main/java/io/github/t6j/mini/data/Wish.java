package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Subject of a story; null where it is free.
 *
 * @param kind kind of the hero, such as a dragon, and where it lives
 * @param thing what the story is about if it is about a thing
 * @param friend second person whom the story must have
 * @param friendKind kind of that person
 */
record Wish(Person hero, Map<String, String> kind, String thing, Person friend, Map<String, String> friendKind) {
    private static final List<Map<String, String>> KINDS = kinds();
    private static final String SPLIT = "story";
    private static final double MADE_UP = 0.4; // to learn to copy any word
    private static final Map<Boolean, List<Map<String, String>>> DIVIDED_KINDS = KINDS.stream()
            .collect(Collectors.partitioningBy(row -> Split.isHeldOut(SPLIT, row.get("kind"))));
    private static final Map<Boolean, List<String>> DIVIDED_THINGS = Lines.of("tables/story-things.txt").stream()
            .collect(Collectors.partitioningBy(line -> Split.isHeldOut(SPLIT, line)));
    private static final Pattern MALE = Pattern.compile("\\b(?:brother|son|m)\\b");
    private static final Pattern FEMALE = Pattern.compile("\\b(?:sister|daughter|f)\\b");

    /** Returns the kinds of heroes: animals, persons and beings of tales, and where they live. */
    static List<Map<String, String>> kinds() {
        Map<String, Map<String, String>> kinds = new HashMap<>();
        List<Map<String, String>> all = new ArrayList<>(Lines.table("tables/creatures.txt"));
        Lines.table("tables/animals.txt").forEach(row -> all.add(Map.of("kind", row.get("animal"), "lives",
                row.get("home"), "animal", "yes")));
        all.addAll(Lines.table("tables/beings.txt"));
        return all.stream().filter(row -> kinds.putIfAbsent(row.get("kind"), row) == null).toList();
    }

    static Wish none(RandomGenerator random) {
        return of(Person.hero(random));
    }

    static Wish of(Person hero) {
        return new Wish(hero, null, null, null, null);
    }

    /**
     * Returns what a request asks for, by its slots.
     *
     * @param request form of the request
     * @param heldOut true for a thing or a name that no request for training has
     */
    static Wish of(String request, boolean heldOut, RandomGenerator random) {
        Map<String, String> kind = null;
        String thing = null;
        if (request.contains("{about") || request.contains("{a about")) {
            if (random.nextBoolean()) {
                thing = isMadeUp(heldOut, random)
                        ? madeUp(random)
                        : Topic.pick(DIVIDED_THINGS.get(heldOut), random);
            } else {
                kind = kind(heldOut, random);
            }
        } else if (request.contains("kind}")) {
            kind = kind(heldOut, random);
        }
        String heroSex = request + " " + (kind == null ? "" : kind.get("sex"));
        Person hero = person(heroSex, request.contains("{hero}") ? named(heldOut) : Person::hero, random);
        Map<String, String> friendKind = request.contains("fkind}") ? kind(heldOut, random) : null;
        while (friendKind != null && friendKind.equals(kind)) {
            friendKind = kind(heldOut, random);
        }
        boolean namesFriend = request.contains("{friend}");
        String sex = friendKind == null ? "" : " " + friendKind.get("sex");
        Function<RandomGenerator, Person> friends = namesFriend ? named(heldOut) : Person::friend;
        Person friend = friendKind != null || namesFriend ? person(sex, friends, random) : null;
        while (friend != null && friend.name().equals(hero.name())) {
            friend = person(sex, friends, random);
        }
        return new Wish(hero, kind, thing, friend, friendKind);
    }

    /** Returns the persons whose names a request gives. */
    private static Function<RandomGenerator, Person> named(boolean heldOut) {
        return heldOut
                ? random -> new Person(Topic.pick(Names.unseen(), random), random.nextBoolean())
                : Person::any;
    }

    private static Person person(String request, Function<RandomGenerator, Person> persons, RandomGenerator random) {
        while (true) {
            Person person = persons.apply(random);
            boolean male = MALE.matcher(request).find();
            if (male == FEMALE.matcher(request).find() || male == person.isMale()) {
                return person;
            }
        }
    }

    private static Map<String, String> kind(boolean heldOut, RandomGenerator random) {
        Map<String, String> kind = Topic.pick(DIVIDED_KINDS.get(heldOut), random);
        if (isMadeUp(heldOut, random)) {
            kind = new HashMap<>(kind);
            kind.put("kind", madeUp(random));
        }
        return kind;
    }

    private static String madeUp(RandomGenerator random) {
        String word = Pieces.word(random);
        while (Split.isHeldOut(SPLIT, word)) {
            word = Pieces.word(random);
        }
        return word;
    }

    private static boolean isMadeUp(boolean heldOut, RandomGenerator random) {
        return !heldOut && random.nextDouble() < MADE_UP;
    }

    /** Returns the noun that the story is about, or null if it is only about persons. */
    String about() {
        return thing != null ? thing : kind == null ? null : kind.get("kind");
    }
}
