// SPDX-License-Identifier: MIT
#include "pages/parameter_inputs.h"

#include "pages/field_words.h"

#include <string.h>

enum { COLUMN_MAX = 100000 };

const char *parameter_inputs_label(struct arena *arena, const char *name)
{
    char *label = arena_copy_string(arena, name);

    for (char *at = label; at != NULL && *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    if (label != NULL && *label >= 'a' && *label <= 'z')
        *label = (char)(*label - 'a' + 'A');
    return label;
}

const char *parameter_inputs_value(struct arena *arena, const char *value)
{
    bool is_name = value[strspn(value, "abcdefghijklmnopqrstuvwxyz_")] == '\0';

    return is_name ? parameter_inputs_label(arena, value) : value;
}

// What the error says of a field, or of something within it: "parameters.weights.AAPL". Of that it
// says what.
static const char *find_problem(const struct error *error, const char *name, struct arena *arena)
{
    size_t length = strlen(name);

    for (size_t i = 0; error != NULL && i < error->detail_count; i++) {
        const struct error_detail *detail = &error->details[i];

        if (detail->kind != ERROR_VIOLATION || strncmp(detail->name, name, length) != 0)
            continue;
        if (detail->name[length] == '\0')
            return field_words_say(arena, detail->value);
        if (detail->name[length] == '.')
            return arena_printf(arena, "%s %s", detail->name + length + 1, detail->value);
    }
    return NULL;
}

// So many characters of a text in bytes.
static size_t bytes_of(const char *text, size_t characters)
{
    size_t bytes = 0;

    while (text[bytes] != '\0' && characters > 0) {
        bytes++;
        while (((unsigned char)text[bytes] & 0xc0) == 0x80)
            bytes++;
        characters--;
    }
    return bytes;
}

// The word or the character at the place; nothing at the end.
static size_t length_of_word(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    return length > 0 ? length : bytes_of(text, 1);
}

Pages__RulePlace *
parameter_inputs_find_place(struct arena *arena, const char *rule, const char *sentence)
{
    static const char begin[] = "column ";
    Pages__RulePlace *place = NULL;
    size_t column = 0;
    size_t before = 0;
    size_t here = 0;

    if (strncmp(sentence, begin, strlen(begin)) != 0)
        return NULL;
    sentence += strlen(begin);
    while (*sentence >= '0' && *sentence <= '9' && column < COLUMN_MAX)
        column = column * 10 + (size_t)(*sentence++ - '0');
    place = arena_allocate(arena, sizeof *place);
    if (column < 1 || place == NULL)
        return NULL;
    before = bytes_of(rule, column - 1);
    here = length_of_word(rule + before);
    pages__rule_place__init(place);
    place->before = arena_copy(arena, rule, before);
    // At the end there is nothing to mark but the place itself.
    place->here = here > 0 ? arena_copy(arena, rule + before, here) : " ";
    place->after = arena_copy_string(arena, rule + before + here);
    return place->before != NULL && place->here != NULL && place->after != NULL ? place : NULL;
}

static Pages__Input *make_input(const struct parameter_inputs *inputs,
                                const struct strategy_property *property,
                                struct arena *arena)
{
    Pages__Input *input = arena_allocate(arena, sizeof *input);
    char *id = NULL;

    if (input == NULL)
        return NULL;
    pages__input__init(input);
    input->name = arena_printf(arena, "%s%s", inputs->prefix, property->name);
    id = arena_printf(arena, "strategy-%s%s", inputs->prefix, property->name);
    if (input->name == NULL || id == NULL)
        return NULL;
    for (char *at = id; *at != '\0'; at++)
        if (*at == '.')
            *at = '-';
    input->id = id;
    input->value = inputs->form != NULL ? form_find(inputs->form, input->name) : NULL;
    if (input->value == NULL && inputs->values != NULL)
        input->value = strategy_json_find(inputs->values, property->name);
    input->problem = find_problem(inputs->error, input->name, arena);
    return input;
}

static Pages__Choice *make_choice(struct arena *arena, const char *value, const char *chosen)
{
    Pages__Choice *choice = arena_allocate(arena, sizeof *choice);

    if (choice == NULL)
        return NULL;
    pages__choice__init(choice);
    choice->value = value;
    choice->label = parameter_inputs_label(arena, value);
    choice->has_is_chosen = true;
    choice->is_chosen = chosen != NULL && strcmp(chosen, value) == 0;
    return choice->label == NULL ? NULL : choice;
}

static bool add_choices(const struct strategy_property *property,
                        struct arena *arena,
                        Pages__ParameterInput *shown)
{
    const char *chosen = shown->input->value != NULL ? shown->input->value : property->unless_said;

    shown->choices = arena_allocate(arena, STRATEGY_CHOICES_MAX * sizeof *shown->choices);
    if (shown->choices == NULL)
        return false;
    for (size_t i = 0; i < property->choice_count; i++) {
        shown->choices[i] = make_choice(arena, property->choices[i], chosen);
        if (shown->choices[i] == NULL)
            return false;
        shown->n_choices++;
    }
    return true;
}

static const char *name_type(enum strategy_property_type type)
{
    switch (type) {
    case STRATEGY_PROPERTY_CHOICE:
        return "choice";
    case STRATEGY_PROPERTY_RULE:
        return "rule";
    case STRATEGY_PROPERTY_WEIGHTS:
        return "weights";
    default:
        return "number";
    }
}

static bool add_words(const struct strategy_property *property,
                      struct arena *arena,
                      Pages__ParameterInput *shown)
{
    shown->label = parameter_inputs_label(arena, property->name);
    shown->description = property->description;
    shown->unless_said = property->unless_said;
    shown->type = name_type(property->type);
    shown->has_is_required = true;
    shown->is_required = property->is_required;
    if (property->minimum != NULL && property->maximum != NULL)
        shown->bounds = arena_printf(arena, "%s to %s", property->minimum, property->maximum);
    return shown->label != NULL;
}

Pages__ParameterInput *parameter_inputs_make(const struct parameter_inputs *inputs,
                                             const struct strategy_property *property,
                                             struct arena *arena)
{
    Pages__ParameterInput *shown = arena_allocate(arena, sizeof *shown);

    if (shown == NULL)
        return NULL;
    pages__parameter_input__init(shown);
    shown->input = make_input(inputs, property, arena);
    if (shown->input == NULL || !add_words(property, arena, shown) ||
        !add_choices(property, arena, shown))
        return NULL;
    if (property->type == STRATEGY_PROPERTY_RULE && shown->input->problem != NULL &&
        shown->input->value != NULL)
        shown->place =
            parameter_inputs_find_place(arena, shown->input->value, shown->input->problem);
    return shown;
}
