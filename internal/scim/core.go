package scim

// The definitions of RFC 7643 §8.7.1 with the verified errata applied: Group.displayName is required (5368),
// groups.$ref refers to Group only (8471), manager.value is case-exact (8472), complex attributes have no uniqueness (6004).

func str(name, desc string) Attribute {
	return Attribute{
		Name: name, Type: "string", Description: desc,
		Mutability: "readWrite", Returned: "default", Uniqueness: "none",
	}
}

func ref(name, desc string, types ...string) Attribute {
	a := str(name, desc)
	a.Type, a.ReferenceTypes, a.CaseExact = "reference", types, true
	return a
}

func boolean(name, desc string) Attribute {
	return Attribute{Name: name, Type: "boolean", Description: desc, Mutability: "readWrite", Returned: "default"}
}

func cplx(name, desc string, multi bool, subs ...Attribute) Attribute {
	return Attribute{
		Name: name, Type: "complex", MultiValued: multi, Description: desc,
		Mutability: "readWrite", Returned: "default", SubAttributes: subs,
	}
}

func with(a Attribute, f func(*Attribute)) Attribute { f(&a); return a }

func readOnly(a Attribute) Attribute  { a.Mutability = "readOnly"; return a }
func immutable(a Attribute) Attribute { a.Mutability = "immutable"; return a }
func required(a Attribute) Attribute  { a.Required = true; return a }
func caseExact(a Attribute) Attribute { a.CaseExact = true; return a }

func plural(name, desc string, value Attribute, kinds ...string) Attribute {
	return cplx(name, desc, true, value,
		str("display", "A human-readable name, primarily used for display purposes."),
		with(str("type", "A label indicating the attribute's function."), func(a *Attribute) { a.CanonicalValues = kinds }),
		boolean("primary", "Whether this is the preferred value; true appears at most once."))
}

// CoreSchemas are those of resources that RFC 7643 defines: users, groups and the enterprise extension.
func CoreSchemas() []Schema { return []Schema{UserSchema(), GroupSchema(), EnterpriseSchema()} }

// UserSchema returns the core User schema (RFC 7643 §4.1, §8.7.1).
func UserSchema() Schema {
	return Schema{ID: UserURN, Name: "User", Description: "User Account", Attributes: []Attribute{
		with(required(str("userName", "Unique identifier for the user, typically used to authenticate.")), func(a *Attribute) { a.Uniqueness = "server" }),
		cplx("name", "The components of the user's name.", false,
			str("formatted", "The full name, formatted for display."),
			str("familyName", "The family name."),
			str("givenName", "The given name."),
			str("middleName", "The middle name(s)."),
			str("honorificPrefix", "The honorific prefix(es), or title."),
			str("honorificSuffix", "The honorific suffix(es).")),
		str("displayName", "The name of the user, suitable for display."),
		str("nickName", "The casual way to address the user."),
		ref("profileUrl", "A URL of the user's online profile.", "external"),
		str("title", "The user's title, such as \"Vice President\"."),
		str("userType", "The relationship between the organization and the user."),
		str("preferredLanguage", "The user's preferred written or spoken languages."),
		str("locale", "The user's default location for localizing items."),
		str("timezone", "The user's time zone in the IANA database format."),
		boolean("active", "The user's administrative status."),
		with(str("password", "The user's clear-text password, for setting it."), func(a *Attribute) { a.Mutability, a.Returned = "writeOnly", "never" }),
		plural("emails", "Email addresses for the user.", str("value", "An email address."), "work", "home", "other"),
		plural("phoneNumbers", "Phone numbers for the user.", str("value", "A phone number."), "work", "home", "mobile", "fax", "pager", "other"),
		plural("ims", "Instant messaging addresses for the user.", str("value", "An instant messaging address."), "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
		plural("photos", "URLs of photos of the user.", ref("value", "A URL of a photo.", "external"), "photo", "thumbnail"),
		cplx("addresses", "Physical mailing addresses for the user.", true,
			str("formatted", "The full mailing address, formatted for display."),
			str("streetAddress", "The full street address."),
			str("locality", "The city or locality."),
			str("region", "The state or region."),
			str("postalCode", "The zip code or postal code."),
			str("country", "The country, as ISO 3166-1 alpha-2 code."),
			with(str("type", "A label indicating the attribute's function."), func(a *Attribute) { a.CanonicalValues = []string{"work", "home", "other"} }),
			boolean("primary", "Whether this is the preferred address.")),
		readOnly(cplx("groups", "The groups to which the user belongs.", true,
			readOnly(caseExact(str("value", "The identifier of the user's group."))),
			readOnly(ref("$ref", "The URI of the corresponding Group resource.", "Group")),
			readOnly(str("display", "A human-readable name of the group.")),
			readOnly(with(str("type", "Whether membership is direct or indirect."), func(a *Attribute) { a.CanonicalValues = []string{"direct", "indirect"} })))),
		plural("entitlements", "Things the user has.", str("value", "The value of an entitlement.")),
		plural("roles", "Roles that collectively represent who the user is.", str("value", "The value of a role.")),
		plural("x509Certificates", "Certificates issued to the user.", with(caseExact(str("value", "A DER certificate in base64.")), func(a *Attribute) { a.Type = "binary" })),
	}}
}

// GroupSchema returns the core Group schema (RFC 7643 §4.2, §8.7.1).
func GroupSchema() Schema {
	return Schema{ID: GroupURN, Name: "Group", Description: "Group", Attributes: []Attribute{
		required(str("displayName", "A human-readable name for the Group.")),
		cplx("members", "The members of the Group.", true,
			immutable(caseExact(str("value", "Identifier of the member."))),
			immutable(ref("$ref", "The URI of the member resource.", "User", "Group")),
			immutable(with(str("type", "The type of the member resource."), func(a *Attribute) { a.CanonicalValues = []string{"User", "Group"} })),
			immutable(str("display", "A human-readable name of the member."))),
	}}
}

// EnterpriseSchema returns the enterprise User extension (RFC 7643 §4.3, §8.7.1).
func EnterpriseSchema() Schema {
	return Schema{ID: EnterpriseURN, Name: "EnterpriseUser", Description: "Enterprise User", Attributes: []Attribute{
		str("employeeNumber", "An identifier assigned to a person by the organization."),
		str("costCenter", "The name of a cost center."),
		str("organization", "The name of an organization."),
		str("division", "The name of a division."),
		str("department", "The name of a department."),
		cplx("manager", "The user's manager.", false,
			caseExact(str("value", "The id of the resource representing the manager.")),
			ref("$ref", "The URI of the manager's resource.", "User"),
			readOnly(str("displayName", "The display name of the manager."))),
	}}
}

// CoreTypes returns the resource types User (with the enterprise extension, not required) and Group.
func CoreTypes() []ResourceType {
	return []ResourceType{
		{ID: "User", Name: "User", Description: "User Account", Endpoint: "/Users", Schema: UserURN, SchemaExtensions: []Extension{{Schema: EnterpriseURN}}},
		{ID: "Group", Name: "Group", Description: "Group", Endpoint: "/Groups", Schema: GroupURN},
	}
}

// CommonAttributes returns the attributes that every resource has (RFC 7643 §3.1), plus schemas.
func CommonAttributes() []Attribute {
	return []Attribute{
		{Name: "schemas", Type: "reference", MultiValued: true, Required: true, Mutability: "readWrite", Returned: "always", CaseExact: false, ReferenceTypes: []string{"uri"}},
		{Name: "id", Type: "string", Required: true, CaseExact: true, Mutability: "readOnly", Returned: "always", Uniqueness: "server"},
		{Name: "externalId", Type: "string", CaseExact: true, Mutability: "readWrite", Returned: "default", Uniqueness: "none"},
		readOnly(cplx("meta", "", false,
			readOnly(caseExact(str("resourceType", ""))),
			readOnly(with(str("created", ""), func(a *Attribute) { a.Type = "dateTime" })),
			readOnly(with(str("lastModified", ""), func(a *Attribute) { a.Type = "dateTime" })),
			readOnly(ref("location", "", "uri")),
			readOnly(caseExact(str("version", ""))))),
	}
}
