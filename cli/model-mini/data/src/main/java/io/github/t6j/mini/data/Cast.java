package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Persons, places and things of one story, as slots of its forms. They stay the same in the whole story. */
final class Cast {
    private static final List<String> ELDERS =
            List.of("mother", "father", "grandmother", "grandfather", "aunt", "uncle");
    private static final List<Map<String, String>> CREATURES = Lines.table("tables/creatures.txt");
    private static final List<Map<String, String>> PLACES = Lines.table("tables/places.txt");
    private static final List<Map<String, String>> WEATHER = Lines.table("tables/weather.txt");
    private static final List<Map<String, String>> THINGS = Lines.table("tables/things.txt");
    private static final List<Map<String, String>> STRANGERS = Lines.table("tables/strangers.txt");
    private static final List<Map<String, String>> PETS = Lines.table("tables/pets.txt").stream()
            .filter(row -> List.of("dog", "cat", "rabbit").contains(row.get("pet"))).toList();
    private static final List<String> VILLAGES = Lines.of("tables/villages.txt");
    private static final List<String> FRAGILE = Lines.of("tables/fragiles.txt");
    private static final List<String> ERRANDS = Lines.table("tables/errands.txt").stream().map(row -> row.get("one"))
            .toList();
    private static final List<List<Map<String, String>>> TABLES =
            List.of("rescues", "skills", "noises", "plants", "cakes", "builds").stream()
                    .map(table -> Lines.table("tables/" + table + ".txt")).toList();
    private static final int ANIMALS_IN_TEN = 3;
    private static final double NAMED_AGAIN = 0.85;
    private static final double BY_KIND = 0.65; // above one half: greedy decoding says it, too

    private final RandomGenerator random;
    private final Map<String, String> slots = new HashMap<>();
    private final Person hero;
    private final Wish wish;
    private boolean introduced;

    Cast(Plot plot, Wish wish, RandomGenerator random) {
        this.random = random;
        this.wish = wish;
        hero = wish.hero();
        persons(plot);
        kinds(!plot.childOnly() && wish.kind() == null && random.nextInt(10) < ANIMALS_IN_TEN);
        scene(plot);
        things();
        TABLES.forEach(table -> row(Topic.pick(table, random)));
    }

    Person hero() {
        return hero;
    }

    /** Returns the value of a slot: of the cast, or a form that all plots share, or null. */
    String value(String slot) {
        if (introduced && slot.equals("Hero") && wish.kind() != null && random.nextDouble() < BY_KIND) {
            return "The " + slots.get("kind");
        }
        return slot.startsWith("+")
                ? Topic.pick(Plot.shared(slot.substring(1)), random).fill(this::value, random)
                : slots.get(slot);
    }

    /** Notes that the story has named its hero, who from now on may also be called by the kind. */
    void introduce() {
        introduced = true;
    }

    /** Returns a sentence about the hero's kind if the request names it, so that a story names it again; or nothing. */
    String kind() {
        return wish.kind() != null && random.nextDouble() < NAMED_AGAIN ? " " + value("+kind") : "";
    }

    /**
     * Returns a sentence about the thing of the request, or nothing: without it, nothing but the request says that the
     * next sentence is about a thing, and a model goes on with another plot.
     */
    String thing() {
        return random.nextDouble() < NAMED_AGAIN ? " " + value("+thing") : "";
    }

    /** Returns a sentence about the second person of the request, or nothing. */
    String company() {
        if (wish.friendKind() != null) {
            return Form.of(" {His} [best |good |]friend was {a fkind} named {friend}.").fill(this::value, random);
        }
        return wish.friend() != null
                ? Form.of(" {His} {relation} was called {friend}.").fill(this::value, random)
                : "";
    }

    private void put(String slot, String value) {
        slots.put(slot, value);
    }

    private void persons(Plot plot) {
        put("hero", hero.name());
        hero.addTo(slots, "");
        String relation = wish.friendKind() != null ? "friend" : Topic.pick(plot.relations(), random);
        Person friend = wish.friend() != null ? wish.friend() : Person.friend(random);
        while (friend.name().equals(hero.name()) || relation.equals("brother") && !friend.isMale()
                || relation.equals("sister") && friend.isMale()) {
            relation = wish.friend() != null ? "friend" : relation;
            friend = wish.friend() != null ? friend : Person.friend(random);
        }
        put("friend", friend.name());
        friend.addTo(slots, "f");
        put("relation", relation);
        put("fkind", wish.friendKind() != null ? wish.friendKind().get("kind") : friend.isMale() ? "boy" : "girl");
        String elder = Topic.pick(ELDERS, random);
        put("elder", elder);
        new Person(elder, elder.endsWith("father") || elder.equals("uncle")).addTo(slots, "e");
    }

    private void kinds(boolean chosen) {
        Map<String, String> creature = wish.kind() != null ? wish.kind() : Topic.pick(CREATURES, random);
        boolean animal = chosen || wish.kind() != null && wish.kind().containsKey("animal");
        boolean child = !chosen && wish.kind() == null;
        put("kind", child ? hero.isMale() ? "boy" : "girl" : creature.get("kind"));
        put("kind plural", animal ? "animals" : child ? "children" : "neighbours");
        put("lives", child ? Topic.pick(VILLAGES, random) : creature.get("lives"));
        put("hand", animal ? "paw" : "hand");
        put("hands", animal ? "paws" : "hands");
        put("stranger", Topic.pick(STRANGERS, random).get(animal ? "animal" : "child"));
    }

    private void scene(Plot plot) {
        Map<String, String> weather = Topic.pick(WEATHER, random);
        while (!plot.mayBeSnow() && weather.get("weather").equals("snow")) {
            weather = Topic.pick(WEATHER, random);
        }
        row(weather);
        Map<String, String> place = Topic.pick(PLACES, random);
        while (weather.get("weather").equals(place.get("bad"))) {
            place = Topic.pick(PLACES, random);
        }
        row(place);
        put("spot", Topic.pick(List.of(place.get("spots").split(";")), random));
    }

    private void things() {
        Map<String, String> thing = Topic.pick(THINGS, random);
        String noun = wish.thing() != null ? wish.thing() : thing.get("noun");
        put("noun", noun);
        put("thing", Topic.pick(List.of(thing.get("adjectives").split(";")), random) + " " + thing.get("noun"));
        put("about", wish.about() != null ? wish.about() : noun);
        put("about plural", Tables.plural(slots.get("about")));
        put("fragile", Topic.pick(FRAGILE, random));
        Map<String, String> pet = Topic.pick(PETS, random);
        put("pet", pet.get("pet"));
        put("pet name", pet.get("value"));
        List<String> errands = new ArrayList<>(ERRANDS);
        Collections.shuffle(errands, random);
        put("one", errands.get(0));
        put("two", errands.get(1));
        put("three", errands.get(2));
    }

    private void row(Map<String, String> cells) {
        cells.forEach((slot, cell) -> put(slot, Form.of(cell).fill(this::value, random)));
    }
}
