/** The six built-in locations. `region` is the value of `placement.region` of the location's probe Worker. */
export const LOCATIONS = [
  { id: 'us-east', name: 'Virginia', country: 'US', region: 'aws:us-east-1' },
  { id: 'us-west', name: 'California', country: 'US', region: 'aws:us-west-1' },
  { id: 'eu-west', name: 'Ireland', country: 'IE', region: 'aws:eu-west-1' },
  { id: 'eu-central', name: 'Frankfurt', country: 'DE', region: 'aws:eu-central-1' },
  { id: 'ap-southeast', name: 'Singapore', country: 'SG', region: 'aws:ap-southeast-1' },
  { id: 'sa-east', name: 'São Paulo', country: 'BR', region: 'aws:sa-east-1' },
] as const;

export type LocationId = (typeof LOCATIONS)[number]['id'];

export const LOCATION_IDS = LOCATIONS.map((location) => location.id) as readonly LocationId[];
