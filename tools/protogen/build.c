// SPDX-License-Identifier: MIT
#include "build.h"

#include "check.h"
#include "protobuf-c/protobuf-c.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__FieldDescriptorProto field_proto;
typedef Google__Protobuf__EnumDescriptorProto enum_proto;
typedef Google__Protobuf__ServiceDescriptorProto service_proto;
typedef Google__Protobuf__MethodDescriptorProto method_proto;

// Field numbers in descriptor.proto, of which SourceCodeInfo's paths are made.
enum {
    PATH_MESSAGE = 4,
    PATH_ENUM = 5,
    PATH_SERVICE = 6,
    PATH_SYNTAX = 12,
    PATH_MEMBER = 2, // a field in a message, a value in an enum, a method in a service
};

static bool is_upper(char character)
{
    return character >= 'A' && character <= 'Z';
}

// "market" becomes "Market", as protoc-c begins its types.
static char *capitalized(struct model *model, const char *name)
{
    char *copy = model_printf(model, "%s", name);

    if (copy[0] >= 'a' && copy[0] <= 'z')
        copy[0] = (char)(copy[0] - 'a' + 'A');
    return copy;
}

static int compare_values(const void *one, const void *other)
{
    int32_t left = ((const struct model_value *)one)->number;
    int32_t right = ((const struct model_value *)other)->number;

    return (left > right) - (left < right);
}

static int compare_fields(const void *one, const void *other)
{
    return ((const struct model_field *)one)->number - ((const struct model_field *)other)->number;
}

// The JSON name of a value: the one it is given, or what follows the enum's name, in lower case.
static const char *value_json_name(struct model *model,
                                   const Google__Protobuf__EnumValueDescriptorProto *proto,
                                   const char *prefix)
{
    struct text given = proto->options == NULL
                            ? (struct text){0}
                            : source_extension(model, &proto->options->base, EXTENSION_BOURSE);
    char *name = NULL;

    if (given.length > 0)
        return model_printf(model, "%.*s", (int)given.length, given.data);
    if (strncmp(proto->name, prefix, strlen(prefix)) != 0)
        return NULL;
    name = model_printf(model, "%s", proto->name + strlen(prefix));
    for (size_t i = 0; name[i] != '\0'; i++)
        if (is_upper(name[i]))
            name[i] = (char)(name[i] - 'A' + 'a');
    return strcmp(name, "unspecified") == 0 ? NULL : name;
}

static void build_enum(struct model *model,
                       const struct model_file *in,
                       const file_proto *file,
                       int32_t index,
                       struct model_enum *out)
{
    const enum_proto *proto = file->enum_type[index];
    const char *snake = model_snake(model, proto->name);
    char *prefix = model_printf(model, "%s_", snake);

    for (size_t i = 0; prefix[i] != '\0'; i++)
        if (prefix[i] >= 'a' && prefix[i] <= 'z')
            prefix[i] = (char)(prefix[i] - 'a' + 'A');
    out->place = source_place(file, (int32_t[]){PATH_ENUM, index}, 2);
    out->name = proto->name;
    out->full_name = model_printf(model, ".%s.%s", in->package, proto->name);
    out->symbol = model_printf(model, "%s__%s", in->service, snake);
    out->info = model_printf(model, "%s_%s_info", in->service, snake);
    out->value_count = proto->n_value;
    out->values = model_allocate(model, proto->n_value, sizeof out->values[0]);
    for (size_t i = 0; i < proto->n_value; i++) {
        int32_t path[] = {PATH_ENUM, index, PATH_MEMBER, (int32_t)i};

        out->values[i] = (struct model_value){
            .place = source_place(file, path, COUNT_OF(path)),
            .name = proto->value[i]->name,
            .number = proto->value[i]->number,
            .json_name = value_json_name(model, proto->value[i], prefix),
        };
    }
    qsort(out->values, out->value_count, sizeof out->values[0], compare_values);
    check_enum(model, out, prefix, proto);
}

// protoc gives every field a lowerCamelCase JSON name; ours is the field's own unless another one
// was written.
static const char *field_json_name(struct model *model, const field_proto *proto)
{
    char *camel = model_allocate(model, strlen(proto->name) + 1, 1);
    size_t length = 0;
    bool upper = false;

    for (const char *at = proto->name; *at != '\0'; at++) {
        if (*at == '_') {
            upper = true;
            continue;
        }
        camel[length++] = upper && *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        upper = false;
    }
    if (proto->json_name == NULL || strcmp(proto->json_name, camel) == 0)
        return proto->name;
    return proto->json_name;
}

static enum value_kind kind_of(Google__Protobuf__FieldDescriptorProto__Type type)
{
    switch ((int)type) {
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL:
        return VALUE_BOOL;
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32:
        return VALUE_INT32;
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32:
        return VALUE_UINT32;
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT64:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED64:
        return VALUE_UINT64;
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING:
        return VALUE_STRING;
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES:
        return VALUE_BYTES;
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM:
        return VALUE_ENUM;
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE:
        return VALUE_MESSAGE;
    default:
        // What is not among these is an int64, or refused by check_field.
        return VALUE_INT64;
    }
}

static void set_lengths(struct model_field *field)
{
    static const struct {
        uint32_t min, max;
    } of_format[] = {
        [BOURSE__FORMAT__DATE] = {10, 10},  [BOURSE__FORMAT__UUID] = {36, 36},
        [BOURSE__FORMAT__TICKER] = {1, 15}, [BOURSE__FORMAT__USERNAME] = {3, 32},
        [BOURSE__FORMAT__EMAIL] = {3, 254},
    };

    if ((size_t)field->rule->format < COUNT_OF(of_format)) {
        field->min_length = of_format[field->rule->format].min;
        field->max_length = of_format[field->rule->format].max;
    }
    if (field->rule->has_min_length)
        field->min_length = field->rule->min_length;
    if (field->rule->has_max_length)
        field->max_length = field->rule->max_length;
}

static void build_message(struct model *model,
                          const struct model_file *in,
                          const file_proto *file,
                          int32_t index,
                          struct model_message *out)
{
    const message_proto *proto = file->message_type[index];
    const char *snake = model_snake(model, proto->name);
    int32_t path[] = {PATH_MESSAGE, index, PATH_MEMBER, 0};

    out->place = source_place(file, path, 2);
    out->doc = source_doc(model, file, path, 2);
    out->name = proto->name;
    out->full_name = model_printf(model, ".%s.%s", in->package, proto->name);
    out->service = in->service;
    out->symbol = model_printf(model, "%s__%s", in->service, snake);
    out->type = model_printf(model, "%s__%s", capitalized(model, in->service), proto->name);
    out->info = model_printf(model, "%s_%s_info", in->service, snake);
    out->field_count = proto->n_field;
    out->fields = model_allocate(model, proto->n_field, sizeof out->fields[0]);
    check_message(model, out, proto);
    for (size_t i = 0; i < proto->n_field; i++) {
        const field_proto *field = proto->field[i];
        const ProtobufCMessage *options = field->options == NULL ? NULL : &field->options->base;

        path[3] = (int32_t)i;
        out->fields[i] = (struct model_field){
            .place = source_place(file, path, COUNT_OF(path)),
            .doc = source_doc(model, file, path, COUNT_OF(path)),
            .name = field->name,
            .json_name = field_json_name(model, field),
            .number = field->number,
            .repeated =
                field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED,
            .kind = kind_of(field->type),
            .type_name = field->type_name,
            .rule =
                source_option(model, options, EXTENSION_BOURSE, &bourse__field_rule__descriptor),
        };
        set_lengths(&out->fields[i]);
        check_field(model, &out->fields[i], field, proto);
    }
    qsort(out->fields, out->field_count, sizeof out->fields[0], compare_fields);
}

static struct model_message *find_message(struct model *model, const char *full_name)
{
    for (size_t i = 0; i < model->file_count; i++)
        for (size_t j = 0; j < model->files[i].message_count; j++)
            if (strcmp(model->files[i].messages[j].full_name, full_name) == 0)
                return &model->files[i].messages[j];
    return NULL;
}

static const struct model_enum *find_enum(struct model *model, const char *full_name)
{
    for (size_t i = 0; i < model->file_count; i++)
        for (size_t j = 0; j < model->files[i].enum_count; j++)
            if (strcmp(model->files[i].enums[j].full_name, full_name) == 0)
                return &model->files[i].enums[j];
    return NULL;
}

// A list and the bool that says whether it was given.
static void
link_given(struct model *model, struct model_message *message, struct model_field *field)
{
    struct model_field *flag = NULL;

    for (size_t i = 0; i < message->field_count && field->rule->given != NULL; i++)
        if (strcmp(message->fields[i].name, field->rule->given) == 0)
            flag = &message->fields[i];
    if (!check_given(model, field, flag) || flag == NULL)
        return;
    flag->is_flag = true;
    field->given = (uint32_t)(flag - message->fields) + 1;
}

static void link_fields(struct model *model, struct model_message *message)
{
    for (size_t i = 0; i < message->field_count; i++) {
        struct model_field *field = &message->fields[i];

        link_given(model, message, field);
        if (field->kind == VALUE_MESSAGE)
            field->message = find_message(model, field->type_name);
        if (field->kind == VALUE_ENUM)
            field->enumeration = find_enum(model, field->type_name);
        if ((field->kind == VALUE_MESSAGE && field->message == NULL) ||
            (field->kind == VALUE_ENUM && field->enumeration == NULL))
            model_complain(model, field->place,
                           "the type %s of %s is not at the top level of the files generated from; "
                           "move it there",
                           field->type_name, field->name);
    }
}

static const char *const verb_names[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};

static void build_binding(struct model *model,
                          const struct model_method *method,
                          const Google__Api__HttpRule *rule,
                          size_t index,
                          struct model_binding *out)
{
    const char *const paths[] = {rule->get, rule->put, rule->post, rule->delete_, rule->patch};
    const char *problem = NULL;
    size_t verbs = 0;

    *out = (struct model_binding){.method = method, .place = method->place, .index = index};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        if (paths[i] == NULL)
            continue;
        verbs++;
        out->verb = verb_names[i];
        out->path = paths[i];
    }
    if (verbs != 1) {
        model_complain(
            model, method->place,
            "write exactly one of get, put, post, patch and delete in each binding of %s",
            method->name);
        return;
    }
    out->template = http_template_parse(model->arena, out->path, &problem);
    if (out->template == NULL)
        model_complain(model, method->place, "%s: %s", out->path, problem);
    out->has_body = rule->body != NULL && rule->body[0] != '\0';
    if (rule->response_body != NULL && rule->response_body[0] != '\0')
        out->response_body = rule->response_body;
    check_binding(model, out, rule);
}

// FNV-1a, 32 bits.
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261U;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return hash;
}

static void build_method(struct model *model,
                         const struct model_service *service,
                         const file_proto *file,
                         const int32_t path[4],
                         struct model_method *out)
{
    const method_proto *proto = file->service[path[1]]->method[path[3]];
    const Google__Protobuf__MethodOptions *options = proto->options;
    const ProtobufCMessage *base = options == NULL ? NULL : &options->base;
    const Google__Api__HttpRule *rule =
        source_option(model, base, EXTENSION_HTTP, &google__api__http_rule__descriptor);

    out->place = source_place(file, path, 4);
    out->doc = source_doc(model, file, path, 4);
    out->service = service;
    out->name = proto->name;
    out->snake = model_snake(model, proto->name);
    out->symbol = model_printf(model, "%s_method_%s", service->file->service, out->snake);
    out->full_name =
        model_printf(model, "%s.%s/%s", service->file->package, service->name, proto->name);
    out->id = hash_of(out->full_name);
    out->no_side_effects =
        options != NULL && options->idempotency_level ==
                               GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS;
    out->takes_key =
        options != NULL && options->idempotency_level ==
                               GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__IDEMPOTENT;
    out->rule = source_option(model, base, EXTENSION_BOURSE, &bourse__method_rule__descriptor);
    out->request = find_message(model, proto->input_type);
    out->response = find_message(model, proto->output_type);
    check_method(model, out, proto);
    if (out->request == NULL || out->response == NULL ||
        source_extension(model, base, EXTENSION_HTTP).length == 0)
        return;
    out->binding_count = 1 + rule->n_additional_bindings;
    out->bindings = model_allocate(model, out->binding_count, sizeof out->bindings[0]);
    build_binding(model, out, rule, 0, &out->bindings[0]);
    for (size_t i = 0; i < rule->n_additional_bindings; i++)
        build_binding(model, out, rule->additional_bindings[i], i + 1, &out->bindings[i + 1]);
}

static void build_services(struct model *model, struct model_file *out, const file_proto *file)
{
    out->service_count = file->n_service;
    out->services = model_allocate(model, file->n_service, sizeof out->services[0]);
    for (size_t i = 0; i < file->n_service; i++) {
        struct model_service *service = &out->services[i];
        int32_t path[] = {PATH_SERVICE, (int32_t)i, PATH_MEMBER, 0};

        service->place = source_place(file, path, 2);
        service->name = file->service[i]->name;
        service->file = out;
        service->method_count = file->service[i]->n_method;
        service->methods = model_allocate(model, service->method_count, sizeof service->methods[0]);
        for (; path[3] < (int32_t)service->method_count; path[3]++)
            build_method(model, service, file, path, &service->methods[path[3]]);
    }
}

// The c_package of a file; NULL for one that says none.
static const char *package_of(struct model *model, const file_proto *file)
{
    const ProtobufCFileOptions *options =
        source_option(model, file->options == NULL ? NULL : &file->options->base,
                      EXTENSION_PB_C_FILE, &protobuf_cfile_options__descriptor);

    return options->c_package;
}

static void build_file(struct model *model, struct model_file *out, const file_proto *file)
{
    const char *package = package_of(model, file);
    const char *dot = strrchr(file->name, '.');

    out->name = file->name;
    out->stem = model_printf(model, "%.*s", (int)(dot - file->name), file->name);
    out->service = package == NULL ? "" : package;
    out->package = file->package == NULL ? "" : file->package;
    out->doc = source_doc(model, file, (int32_t[]){PATH_SYNTAX}, 1);
    check_file(model, out, file, source_place(file, (int32_t[]){PATH_SYNTAX}, 1));
    out->enum_count = file->n_enum_type;
    out->enums = model_allocate(model, file->n_enum_type, sizeof out->enums[0]);
    for (size_t i = 0; i < file->n_enum_type; i++)
        build_enum(model, out, file, (int32_t)i, &out->enums[i]);
    out->message_count = file->n_message_type;
    out->messages = model_allocate(model, file->n_message_type, sizeof out->messages[0]);
    for (size_t i = 0; i < file->n_message_type; i++)
        build_message(model, out, file, (int32_t)i, &out->messages[i]);
}

static const file_proto *find_file(const Google__Protobuf__FileDescriptorSet *set, const char *name)
{
    for (size_t i = 0; i < set->n_file; i++)
        if (strcmp(set->file[i]->name, name) == 0)
            return set->file[i];
    return NULL;
}

static int compare_bindings(const void *one, const void *other)
{
    const struct model_binding *left = *(const struct model_binding *const *)one;
    const struct model_binding *right = *(const struct model_binding *const *)other;
    int order = http_template_compare(left->template, right->template);

    return order != 0 ? order : strcmp(left->verb, right->verb);
}

static void collect_bindings(struct model *model)
{
    size_t most = 0;

    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < model->file_count; i++)
            for (size_t j = 0; j < model->files[i].service_count; j++)
                for (size_t k = 0; k < model->files[i].services[j].method_count; k++) {
                    const struct model_method *method = &model->files[i].services[j].methods[k];

                    for (size_t l = 0; l < method->binding_count; l++)
                        if (pass == 0)
                            most++;
                        else if (method->bindings[l].template != NULL)
                            model->bindings[model->binding_count++] = &method->bindings[l];
                }
        if (pass == 0)
            model->bindings = model_allocate(model, most, sizeof(struct model_binding *));
    }
    qsort(model->bindings, model->binding_count, sizeof model->bindings[0], compare_bindings);
}

static bool is_in(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->file_count; i++)
        if (strcmp(model->files[i].name, name) == 0)
            return true;
    return false;
}

// The files whose messages the others are made of. Those that nothing is generated from, as the
// declarations of the options, have no package in C.
static void build_imported(struct model *model, const Google__Protobuf__FileDescriptorSet *set)
{
    for (size_t i = 0; i < model->file_count; i++) {
        const file_proto *file = find_file(set, model->files[i].name);

        for (size_t j = 0; j < file->n_dependency; j++) {
            const file_proto *other = find_file(set, file->dependency[j]);

            if (is_in(model, file->dependency[j]) || other == NULL ||
                package_of(model, other) == NULL)
                continue;
            build_file(model, &model->files[model->file_count], other);
            model->files[model->file_count++].is_imported = true;
        }
    }
}

void build_model(struct model *model,
                 const Google__Protobuf__FileDescriptorSet *set,
                 char *const *names,
                 size_t name_count)
{
    model->files = model_allocate(model, name_count + set->n_file, sizeof model->files[0]);
    for (size_t i = 0; i < name_count; i++) {
        const file_proto *file = find_file(set, names[i]);

        if (file == NULL)
            model_complain(model, (struct place){names[i], 1}, "give protoc this file too");
        else
            build_file(model, &model->files[model->file_count++], file);
    }
    build_imported(model, set);
    for (size_t i = 0; i < model->file_count; i++)
        for (size_t j = 0; j < model->files[i].message_count; j++)
            link_fields(model, &model->files[i].messages[j]);
    for (size_t i = 0; i < model->file_count; i++)
        if (!model->files[i].is_imported)
            build_services(model, &model->files[i], find_file(set, model->files[i].name));
    collect_bindings(model);
    check_whole(model);
}
